/** A check of the engine that did not hold; the message completes "sql.js failed its self-check: ...". */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
}
