import type { Arguments } from '../arguments.ts';
import { detectLook, type Look } from './look.ts';

/** What the terminal of this process can show, as the command line has it. */
export function lookOf(values: Arguments['values']): Look {
  return detectLook({
    env: process.env,
    noColor: values['no-color'] === true,
    ascii: values['ascii'] === true,
    screenReader: values['screen-reader'] === true,
  });
}
