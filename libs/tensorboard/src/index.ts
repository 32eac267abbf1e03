export { EventFile, type Scalar } from './event-file.js';
