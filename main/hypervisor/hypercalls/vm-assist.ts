/** vm_assist (21): an HVM domain has one assist, the run-state update flag. */
import { Errno, VmAssistCommand, VmAssistType } from '../abi/index.ts';
import type { HypercallHandler } from './handler.ts';

export const vmAssist: HypercallHandler = (domain, { first, second }) => {
  if (second !== VmAssistType.runstateUpdateFlag) return -Errno.EINVAL;
  if (first !== VmAssistCommand.enable && first !== VmAssistCommand.disable) return -Errno.ENOSYS;
  domain.vcpu.runstateUpdateFlag = first === VmAssistCommand.enable;
  return 0;
};
