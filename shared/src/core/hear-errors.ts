import type pg from 'pg';

/**
 * The pool listens to its idle connections only. One that breaks between two statements of a transaction would be an
 * error nobody hears, and end the process; the next statement fails anyway and tells the transaction.
 */
export function hearErrors(pool: pg.Pool): void {
  pool.on('connect', (client) => client.on('error', () => {}));
}
