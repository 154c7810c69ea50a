import { expect, it } from 'vitest';
import { readCommandLine } from './command-line.ts';

it.each([
  [[], { home: undefined, demo: false }],
  [['electron', '.', '--home', '/srv/domus', '--demo'], { home: '/srv/domus', demo: true }],
  [['domus', '--home=/srv/domus', '--no-sandbox'], { home: '/srv/domus', demo: false }],
  [['domus', '--home'], { home: undefined, demo: false }],
  [['domus', '--home='], { home: undefined, demo: false }],
])('reads %j', (args, options) => expect(readCommandLine(args)).toEqual(options));
