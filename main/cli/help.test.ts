import { describe, expect, it } from 'vitest';
import { COMMANDS, commandsOf, findCommand } from './command-table.ts';
import { commandHelp, generalHelp, usage } from './help.ts';

const names = Object.keys(COMMANDS);

describe('help', () => {
  it('names every command', () => {
    for (const name of names) expect(generalHelp()).toMatch(new RegExp(`^  ${name} {2,}\\w`, 'm'));
  });

  it.each(names)('says what %s takes', async (name) => {
    const { command } = await COMMANDS[name]!.load();
    const text = commandHelp(name, command);
    expect(text).toContain(`Usage: domus ${name}`);
    for (const option of Object.keys(command.options)) expect(text).toContain(`--${option}`);
  });

  it('shows where -- belongs', async () => {
    const { command } = await COMMANDS['exec']!.load();
    expect(usage('exec', command)).toBe('domus exec NAME -- COMMAND…');
  });
});

describe('the command table', () => {
  it('finds commands of one and of two words', () => {
    expect(findCommand(['host', 'add', 'x'])).toMatchObject({ name: 'host add', rest: ['x'] });
    expect(findCommand(['list', 'add'])).toMatchObject({ name: 'list', rest: ['add'] });
  });

  it('has nothing from the language itself', () => {
    for (const word of ['constructor', '__proto__', 'toString']) {
      expect(findCommand([word])).toBeNull();
    }
    expect(findCommand([])).toBeNull();
  });

  it('knows what a first word could go on with', () => {
    expect(commandsOf('host')).toEqual([
      'host list',
      'host add',
      'host remove',
      'host drain',
      'host undrain',
      'host crash',
    ]);
  });
});
