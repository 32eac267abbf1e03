import {
  expectBoth,
  expectPaths,
  readTlsMaterial,
  rereadOnChange,
  TokenBook,
  type Holder,
  type TlsFiles,
  type TlsMaterial,
} from '@rocinante/access';
import { isLoopback, type RocinanteError } from '@rocinante/base';
import { UsageError } from '../errors.js';

/** What `serve` is told about who may come. */
export interface SecurityOptions {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Clients of gRPC are asked for a certificate of this authority. */
  readonly tlsCa?: string;
  /** The book of tokens. */
  readonly tokenFile?: string;
  /** Whether others may reach it in plain, or without a token. */
  readonly insecure: boolean;
}

/** Who is told that files were read again. */
export interface SecurityListener {
  certificate(tls: TlsMaterial): void;
  tokens(): void;
  /** They could not be; what was read before counts on. */
  failed(error: RocinanteError): void;
}

/** The daemon's certificate and its book of tokens, as their files have them now. */
export class DaemonSecurity {
  readonly #files: TlsFiles | null;
  readonly #bookFile: string | null;
  readonly #book: TokenBook | null;
  #tls: TlsMaterial | null;

  /**
   * @param addresses by their options, where it will listen.
   * @throws {RocinanteError} exit code 2: an option lacks another, a file cannot be used, or others would reach an address
   * without TLS and tokens.
   */
  constructor(options: SecurityOptions, addresses: Readonly<Record<string, string>>) {
    const { tlsCert, tlsKey, tlsCa, tokenFile, insecure } = options;
    expectPaths({
      '--tls-cert': tlsCert,
      '--tls-key': tlsKey,
      '--tls-ca': tlsCa,
      '--token-file': tokenFile,
    });
    expectBoth('--tls-cert', tlsCert, '--tls-key', tlsKey);
    if (tlsCa !== undefined && tlsCert === undefined) {
      throw new UsageError('--tls-ca: expected --tls-cert and --tls-key too, received none');
    }
    const missing = [
      ...(tlsCert === undefined ? ['--tls-cert and --tls-key'] : []),
      ...(tokenFile === undefined ? ['--token-file'] : []),
    ];
    for (const [name, address] of Object.entries(addresses)) {
      if (insecure || missing.length === 0 || isLoopback(address)) continue;
      throw new UsageError(
        `${name} ${address}: expected a loopback address, such as 127.0.0.1, or ${missing.join(' and ')}: ` +
          'others can reach this one; give --insecure where the network is trusted',
      );
    }
    this.#files =
      tlsCert === undefined ? null : { certFile: tlsCert, keyFile: tlsKey!, caFile: tlsCa ?? null };
    this.#bookFile = tokenFile ?? null;
    this.#tls = this.#files && readTlsMaterial(this.#files);
    this.#book = tokenFile === undefined ? null : TokenBook.read(tokenFile);
  }

  /** Null where it serves in plain. */
  get tls(): TlsMaterial | null {
    return this.#tls;
  }

  /** Whose token it is; null where nobody is asked for one. */
  get holderOf(): ((token: string) => Holder | null) | null {
    const book = this.#book;
    return book && ((token) => book.holderOf(token));
  }

  /** For the log. */
  get summary(): { readonly tls: boolean; readonly clientCertificates: boolean; readonly tokens: boolean } {
    return {
      tls: this.#tls !== null,
      clientCertificates: this.#files?.caFile !== null && this.#files !== null,
      tokens: this.#book !== null,
    };
  }

  /**
   * Reads the files again whenever they change.
   * @returns ends it.
   */
  watch(listener: SecurityListener): () => void {
    const ends: (() => void)[] = [];
    const again = (paths: readonly string[], read: () => void): void => {
      ends.push(rereadOnChange(paths, read, (error) => listener.failed(error)));
    };
    const [files, book] = [this.#files, this.#book];
    if (files) {
      const { certFile, keyFile, caFile } = files;
      again([certFile, keyFile, ...(caFile === null ? [] : [caFile])], () => {
        this.#tls = readTlsMaterial(files);
        listener.certificate(this.#tls);
      });
    }
    if (book) {
      again([this.#bookFile!], () => {
        book.reload();
        listener.tokens();
      });
    }
    return () => {
      for (const end of ends) end();
    };
  }
}
