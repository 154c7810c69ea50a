import { count, fileSize, milliseconds, rate } from '../design/format.ts';
import type { Column } from './move-columns.ts';
import { sendRate, slowed } from './move-columns.ts';
import styles from './rounds-table.module.css';

interface Props {
  readonly columns: readonly Column[];
  readonly caption: string;
}

/** What the chart shows, as a table. */
export function RoundsTable({ columns, caption }: Props) {
  return (
    <table className={styles.table}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Round</th>
          <th scope="col">Pages sent</th>
          <th scope="col">Written meanwhile</th>
          <th scope="col">Bytes</th>
          <th scope="col">Time</th>
          <th scope="col">Rate</th>
          <th scope="col">Standstill</th>
        </tr>
      </thead>
      <tbody>
        {columns.map((column, index) => (
          <Row key={index} column={column} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ column }: { readonly column: Column }) {
  switch (column.kind) {
    case 'round': {
      const { number, pages, dirtied, bytes, ms, throttlePercent, estimatedStopMs } = column.round;
      return (
        <tr>
          <th scope="row">
            {number}
            {slowed(throttlePercent)}
          </th>
          <td>{count(pages)}</td>
          <td>{count(dirtied)}</td>
          <td>{fileSize(bytes)}</td>
          <td>{milliseconds(ms)}</td>
          <td>{rate(sendRate(column.round))}</td>
          <td>about {milliseconds(estimatedStopMs)}</td>
        </tr>
      );
    }
    case 'current': {
      const { number, pages, sent, bytes, ms } = column.current;
      return (
        <tr>
          <th scope="row">{number}, under way</th>
          <td>
            {count(sent)} of {count(pages)}
          </td>
          <td>–</td>
          <td>{fileSize(bytes)}</td>
          <td>{milliseconds(ms)}</td>
          <td>{rate(sendRate(column.current))}</td>
          <td>–</td>
        </tr>
      );
    }
    case 'stop':
      return (
        <tr className={styles.stop}>
          <th scope="row">Stop</th>
          <td>–</td>
          <td>–</td>
          <td>–</td>
          <td>{milliseconds(column.outcome.downtimeMs)}</td>
          <td>–</td>
          <td>{milliseconds(column.outcome.downtimeMs)} measured</td>
        </tr>
      );
  }
}
