import { MigrationReport, type Task } from '../../shared/contract/schemas.ts';
import { milliseconds } from '../design/format.ts';

/** A task as one sentence: “Moved web1 to beta, 21 ms down”, “Failed: Creating web2”. */
export function taskSentence(task: Task): string {
  if (task.state === 'failed') return `Failed: ${task.title}`;
  if (task.kind !== 'migrate' || task.state !== 'done') return task.title;
  const report = MigrationReport.safeParse(task.result);
  if (!report.success) return task.title;
  return `${task.title.replace(/\s*\(.*\)$/, '')}, ${milliseconds(report.data.downtimeMs)} down`;
}
