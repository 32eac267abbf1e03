export { HttpAddressError, type HttpErrorCode } from './errors.js';
export { anyGuard, tokenGuard } from './guards.js';
export {
  serveHttp,
  type Guard,
  type HttpCertificate,
  type HttpServer,
  type HttpServerOptions,
} from './http-server.js';
export { line, type HttpAnswer, type HttpRequest, type Method, type Route, type Routes } from './routes.js';
