import type { RunEvent } from '../output/events.ts';
import { describeStep, type Scenario, type Step } from '../scenario/scenario.ts';
import type { Desk } from './desk.ts';
import { fit, type Line, line, wrapped } from './line.ts';

/** Milliseconds between steps at speed 1. */
const stepMs = 700;

/** A scenario that is watched: what it says, which step is next, whether it goes on. */
export class Watch {
  readonly #desk: Desk;
  readonly #scenario: Scenario;
  readonly #speed: number;
  #paused: boolean;
  #go: (() => void) | null = null;
  #said = '';
  #now = '';
  #at = 0;
  #failed = 0;
  #ended: string | null = null;

  constructor(desk: Desk, scenario: Scenario, speed: number, byStep: boolean) {
    this.#desk = desk;
    this.#scenario = scenario;
    this.#speed = Math.max(1, speed);
    this.#paused = byStep;
  }

  /** Resolves when the step may be carried out. */
  readonly before = (step: Step, nth: number): Promise<void> => {
    this.#at = nth;
    if (step.verb === 'say') this.#said = describeStep(step);
    else this.#now = describeStep(step);
    this.#redraw();
    return new Promise((resolve) => {
      this.#go = () => {
        clearTimeout(timer);
        this.#go = null;
        resolve();
      };
      const wait = (step.verb === 'say' ? 3 : 1) * (stepMs / this.#speed);
      const timer = setTimeout(() => {
        if (!this.#paused) this.#go?.();
      }, wait);
    });
  };

  tell(event: RunEvent): void {
    if (event.type === 'expect' && !event.ok) {
      this.#failed += 1;
      this.#said = `FAILED ${event.what}: wanted ${JSON.stringify(event.wanted)}, found ${JSON.stringify(event.found)}`;
    }
    this.#redraw();
  }

  end(ok: boolean): void {
    this.#ended = ok
      ? 'Everything held. The devices are yours now; q quits.'
      : `${this.#failed} expectations failed; q quits and shows them.`;
    this.#redraw();
  }

  fail(error: unknown): void {
    this.#failed += 1;
    this.#ended = `The scenario stopped: ${error instanceof Error ? error.message : String(error)}`;
    this.#redraw();
  }

  /** Space holds and goes on, n takes one step. */
  readonly intercept = (key: string): boolean => {
    if (this.#ended !== null || this.#desk.isTyping) return false;
    if (key === 'space') {
      this.#paused = !this.#paused;
      if (!this.#paused) this.#go?.();
    } else if (key === 'n') this.#go?.();
    else return false;
    this.#redraw();
    return true;
  };

  readonly caption = (columns: number): readonly Line[] => {
    const { name, steps } = this.#scenario;
    const keys =
      this.#ended !== null ? '' : this.#paused ? '  [space] go on  [n] one step' : '  [space] hold';
    const head = ` ${name}, step ${this.#at + 1} of ${steps.length} `;
    const rule = '─'.repeat(Math.max(0, columns - head.length - keys.length));
    return [
      line(fit(`${head}${rule}${keys}`, columns), 'accent'),
      ...wrapped(this.#said, columns - 3)
        .slice(0, 2)
        .map((text) => line(fit(` ${text}`, columns), 'title')),
      line(fit(` ${this.#ended ?? this.#now}`, columns), this.#ended === null ? 'muted' : 'ok'),
    ];
  };

  #redraw(): void {
    this.#desk.redraw();
  }
}
