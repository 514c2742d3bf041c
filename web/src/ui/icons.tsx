/** The icons: lines of 24 × 24 units. They say nothing to a screen reader; the control's name does. */
const PATHS = {
  alert: "M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.1",
  back: "M19 12H5m6-6-6 6 6 6",
  camera: "M4 8h3.2L9 5.5h6L16.8 8H20v11H4zM12 10.2a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4z",
  check: "m5 12.5 4.5 4.5L19 7.5",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  cross: "m6 6 12 12M18 6 6 18",
  down: "M12 5v14m6-6-6 6-6-6",
  download: "M12 4v11m5-4.5-5 5-5-5M4.5 19.5h15",
  eye: "M2.5 12C5 7.5 8.3 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.8 6.5-9.5 6.5S5 16.5 2.5 12zM12 9.25a2.75 2.75 0 1 0 0 5.5 2.75 2.75 0 0 0 0-5.5z",
  eyeOff: "M4 4l16 16M9.5 5.8A9 9 0 0 1 12 5.5c3.7 0 7 2 9.5 6.5a16 16 0 0 1-2.7 3.6M6.2 7.3A14 14 0 0 0 2.5 12c2.5 4.5 5.8 6.5 9.5 6.5 1.6 0 3.1-.4 4.5-1.1M10 10.2a2.75 2.75 0 0 0 3.8 3.8",
  forward: "M5 12h14m-6-6 6 6-6 6",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c5 5 5 12 0 17-5-5-5-12 0-17z",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5.5M12 7.6v.1",
  more: "M5 12a.5.5 0 1 0 1 0 .5.5 0 0 0-1 0zM11.5 12a.5.5 0 1 0 1 0 .5.5 0 0 0-1 0zM18 12a.5.5 0 1 0 1 0 .5.5 0 0 0-1 0z",
  offline: "M4 4l16 16M9 6.2A9 9 0 0 1 20.5 10M5.9 8A12 12 0 0 0 3.5 10M7 13.5a7 7 0 0 1 5.5-2M12 18.5v.1",
  pencil: "M4.5 19.5v-4L15.5 4.5l4 4-11 11zM13 7l4 4",
  person: "M12 4.5a3.75 3.75 0 1 0 0 7.5 3.75 3.75 0 0 0 0-7.5zM4.5 20c.6-3.6 3.6-5.5 7.5-5.5s6.9 1.9 7.5 5.5",
  photos: "M3.5 7.5h13v12h-13zM7 7.5v-3h13.5v12h-4M3.5 16.5l4-4 4 4 2-2 3 3",
  print: "M7 8.5v-5h10v5M7 16.5H3.5v-8h17v8H17M7 13.5h10v7H7z",
  reload: "M19.5 4.5v5h-5M19 9.5a7.5 7.5 0 1 0 .5 4",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.2 15.2 20.5 20.5",
  shelf: "M3.5 11.5h17M3.5 20h17M6 11.5v-7h3.5v7M12.5 11.5v-5H17v5M7 20v-5h5v5M15.5 20v-5.5",
  signOut: "M14 4.5H5v15h9M10 12h10.5m-4-4 4 4-4 4",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5",
  undo: "M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11H8",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon in the colour of the text. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
