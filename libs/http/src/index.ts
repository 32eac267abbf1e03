export { HttpAddressError, type HttpErrorCode } from './errors.js';
export { anyGuard, tokenGuard, type Guard } from './guards.js';
export { serveHttp, type HttpCertificate, type HttpServer, type HttpServerOptions } from './http-server.js';
export { line, type HttpAnswer, type HttpRequest, type Method, type Route, type Routes } from './routes.js';
