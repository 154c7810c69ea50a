/** `--net NETWORK[,mac=MAC][,ip=ADDRESS]`, after `xl`'s network specifications. */
import type { NewInterface } from '../../../shared/contract/index.ts';
import { wholeNumber } from './parse.ts';
import { usageError } from './usage-error.ts';

export function netOption(command: string, text: string): NewInterface {
  const [network = '', ...options] = text.split(',');
  if (network === '') throw usageError('The name of a network is missing.', command);
  const asked: NewInterface = { network };
  for (const option of options) {
    const [key, ...rest] = option.split('=');
    const value = rest.join('=');
    if (key === 'mac' && value !== '') asked.mac = value;
    else if (key === 'ip' && value !== '') asked.address = value;
    else {
      throw usageError(
        `--net has no ${JSON.stringify(option)}: after the network come mac=MAC or ip=ADDRESS.`,
        command,
      );
    }
  }
  return asked;
}

/** `0` or `eth0`. */
export function interfaceNumber(command: string, text: string): number {
  return wholeNumber(command, 'INTERFACE', text.replace(/^eth(?=\d)/, ''));
}
