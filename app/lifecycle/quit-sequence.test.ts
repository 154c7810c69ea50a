import { beforeEach, describe, expect, it } from 'vitest';
import { QuitSequence } from './quit-sequence.ts';
import type { QuitAnswer } from './quit-sequence.ts';

/** Writes down what was done; answers as it is told. */
class Person {
  running = 2;
  answer: QuitAnswer = 'cancel';
  stops: () => Promise<boolean> = () => Promise.resolve(true);
  readonly log: string[] = [];
  readonly actions = {
    runningDomains: () => Promise.resolve(this.running),
    ask: (running: number, from: string) => {
      this.log.push(`asked after ${from}: ${running}`);
      return Promise.resolve(this.answer);
    },
    closeWindow: () => void this.log.push('window closed'),
    stop: () => {
      this.log.push('stopping');
      return this.stops();
    },
    exit: (code: number) => void this.log.push(`exit ${code}`),
    endByForce: () => void this.log.push('killed'),
  };
}

let person: Person;
let sequence: QuitSequence;
beforeEach(() => {
  person = new Person();
  sequence = new QuitSequence(person.actions);
});

describe('closing the window', () => {
  it('ends the program, its site first, when no domain runs', async () => {
    person.running = 0;
    await sequence.windowClosing();
    expect(person.log).toEqual(['window closed', 'stopping', 'exit 0']);
  });

  it('lets domains run on without it when the person wants so, and can be repeated', async () => {
    person.answer = 'keep-running';
    await sequence.windowClosing();
    await sequence.windowClosing();
    const once = ['asked after close: 2', 'window closed'];
    expect(person.log).toEqual([...once, ...once]);
  });

  it('does nothing when the person thinks again', async () => {
    await sequence.windowClosing();
    expect(person.log).toEqual(['asked after close: 2']);
  });

  it('asks once, however often the button is pressed', async () => {
    person.answer = 'quit';
    await Promise.all([sequence.windowClosing(), sequence.windowClosing(), sequence.quitting()]);
    expect(person.log).toEqual(['asked after close: 2', 'window closed', 'stopping', 'exit 0']);
  });
});

describe('the end', () => {
  it('asks nobody when the system ends, also while a question is open', async () => {
    let answer: (value: QuitAnswer) => void = () => undefined;
    person.actions.ask = () => new Promise((resolve) => (answer = resolve));
    const asked = sequence.quitting();
    await new Promise((resolve) => setImmediate(resolve));
    await sequence.quitNow();
    answer('keep-running');
    await asked;
    expect(person.log).toEqual(['window closed', 'stopping', 'exit 0']);
  });

  it('comes with status 1 when the site cannot stop', async () => {
    person.stops = () => Promise.reject(new Error('disk full'));
    await sequence.quitNow();
    expect(person.log.at(-1)).toBe('exit 1');
  });

  it('comes by force when a thread of the site does not end', async () => {
    person.stops = () => Promise.resolve(false);
    await sequence.quitNow();
    expect(person.log).toEqual(['window closed', 'stopping', 'killed']);
  });

  it('comes without a question when the site cannot say what runs', async () => {
    person.actions.runningDomains = () => Promise.reject(new Error('gone'));
    await sequence.quitting();
    expect(person.log).toEqual(['window closed', 'stopping', 'exit 0']);
  });
});
