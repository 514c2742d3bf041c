/** Words of the shelf screen. */
export const shelf = {
  title: "shelf",
};
