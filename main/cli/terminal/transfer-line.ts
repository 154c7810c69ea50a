import { bytes } from '../format/units.ts';
import { ProgressLine } from './progress-line.ts';

/** How far bytes are that go somewhere: `Sending a.img  42 %  1.3 of 3.1 GB`. */
export class TransferLine {
  private readonly line: ProgressLine;
  private readonly title: string;
  private readonly total: number | null;

  constructor(stream: NodeJS.WritableStream, title: string, total: number | null) {
    this.line = new ProgressLine(stream);
    this.title = title;
    this.total = total;
  }

  show(done: number, total: number | null = this.total): void {
    const share = total ? `  ${Math.floor((done / total) * 100)} %` : '';
    const of = total ? ` of ${bytes(total)}` : '';
    this.line.show(`${this.title}${share}  ${bytes(done)}${of}`);
  }

  clear(): void {
    this.line.clear();
  }
}
