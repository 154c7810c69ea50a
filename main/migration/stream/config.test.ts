import { describe, expect, it } from 'vitest';
import { DomusError } from '../../../shared/errors.ts';
import { CONFIG } from '../testing/forged-stream.ts';
import { StreamConfigSchema, requireCompatible } from './config.ts';

describe("a state's versions", () => {
  const config = StreamConfigSchema.parse(CONFIG);

  it('may be continued by the same build', () => {
    expect(() => requireCompatible(config, config.versions)).not.toThrow();
  });

  it('are refused by another, which says what differs', () => {
    const engine = { ...config.versions.engine, v86: '0.6.0' };
    const refuse = (): void => requireCompatible(config, { ...config.versions, engine });
    expect(refuse).toThrow(DomusError);
    expect(refuse).toThrow(/"web1".*v86 0\.5\.462, here 0\.6\.0/);
  });
});
