import { memo } from 'react';
import { GATEWAY_X, type MapHost, type MapLayout } from './map-layout.ts';
import styles from './network-map.module.css';

/** Every line of the map; the traffic finds its own by `data-lane` and `data-rail`. */
export const MapLines = memo(function MapLines({ layout }: { readonly layout: MapLayout }) {
  const { width, height, places, buses, hosts } = layout;
  return (
    <svg className={styles.lines} width={width} height={height} aria-hidden="true">
      {hosts.map(({ name, x, y, width: wide, height: high }) => (
        <rect
          key={name}
          className={styles.box}
          x={x + 0.5}
          y={y + 0.5}
          width={wide - 1}
          height={high - 1}
          rx={8}
        />
      ))}
      {places.map(({ kind, x, bottom }) => (
        <line key={kind} className={styles.placeLine} x1={x} y1={24} x2={x} y2={bottom} />
      ))}
      {buses.map(({ network, y, left, right }) => (
        <line key={network.name} className={styles.busLine} x1={left} y1={y} x2={right} y2={y} />
      ))}
      {places.flatMap(({ kind, x, joins }) =>
        joins.map((y) => (
          <circle key={`${kind} ${y}`} className={styles.dot} cx={x} cy={y} r={3} />
        )),
      )}
      {buses.map(({ network, y }) => (
        <rect
          key={network.name}
          className={styles.gateway}
          x={GATEWAY_X - 4}
          y={y - 4}
          width={8}
          height={8}
          rx={2}
        />
      ))}
      {hosts.map((host) => (
        <HostLines key={host.name} host={host} />
      ))}
    </svg>
  );
});

function HostLines({ host }: { readonly host: MapHost }) {
  const { rails, guests, wordsX } = host;
  return (
    <>
      {rails.map(({ network, x, top, bottom }) => (
        <g key={network}>
          <line
            className={styles.rail}
            data-rail={`${host.name} ${network}`}
            x1={x}
            y1={top}
            x2={x}
            y2={bottom}
          />
          <circle className={styles.dot} cx={x} cy={top} r={3} />
        </g>
      ))}
      {guests.flatMap(({ guest, lanes }) =>
        lanes.map(({ handle, linkUp, railX, y }) => (
          <g key={`${guest.uuid} ${handle}`}>
            <line
              className={styles.lane}
              data-lane={`${guest.uuid} ${handle}`}
              data-down={!linkUp}
              x1={railX}
              y1={y}
              x2={wordsX - 3}
              y2={y}
            />
            <circle className={styles.dot} cx={railX} cy={y} r={2.5} />
          </g>
        )),
      )}
      {guests.map(({ guest, lanes }) =>
        lanes.length === 0 ? null : (
          <line
            key={guest.uuid}
            className={styles.port}
            x1={wordsX - 2}
            y1={lanes[0]!.y - 5}
            x2={wordsX - 2}
            y2={lanes.at(-1)!.y + 5}
          />
        ),
      )}
    </>
  );
}
