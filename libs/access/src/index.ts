export { mayDo, ROLES, type Holder, type Need, type Role } from './roles.js';
