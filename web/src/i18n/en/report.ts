/** Words of the report screen. */
export const report = {
  title: "report",
};
