import { execFile } from 'node:child_process';

/** Samples the resident memory of a process and of those that it has started, every half second; the highest counts. */
export class MemoryWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #highest = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), 500);
  }

  /** Megabytes, since the last time that this was asked. */
  take(): number {
    const highest = this.#highest;
    this.#highest = 0;
    return Math.round(highest / 1024);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    execFile('ps', ['-eo', 'pid=,ppid=,rss='], (error, stdout) => {
      if (error !== null) return;
      const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
      const own = lines.filter(([pid, parent]) => pid === this.#pid || parent === this.#pid);
      const kilobytes = own.reduce((sum, [, , rss]) => sum + (rss ?? 0), 0);
      this.#highest = Math.max(this.#highest, kilobytes);
    });
  }
}
