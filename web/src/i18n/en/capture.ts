/** Words of the capture screen. */
export const capture = {
  title: "capture",
};
