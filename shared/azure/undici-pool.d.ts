/** The part of undici that is loaded: all of it (fetch, caches, WebSockets) would take three times as long. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici';
  export = Pool;
}
