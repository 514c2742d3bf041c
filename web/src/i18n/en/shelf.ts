/** Words of the shelf screen. */
const reports = (count: number) => (count === 1 ? "1 report" : `${count} reports`);

export const shelf = {
  title: "Shelf",
  reports,
  loading: "Loading your reports…",
  emptyTitle: "No reports yet",
  emptyText: "Photograph a thing, and its report stands here.",
  photograph: "Photograph",

  search: "Search your reports",
  clear: "Clear the search",
  searching: "Searching…",
  noneTitle: (text: string) => `Nothing found for “${text}”`,
  noneText: "Try fewer or shorter words. Reports that are not ready yet are not searched.",
  soFar: (day: string) => `Searched back to ${day}.`,
  further: "Search further back",
  more: "Show more",
  shown: (count: number, isWhole: boolean) => (isWhole ? `${reports(count)} shown, all of them` : `${reports(count)} shown`),

  today: "Today",
  yesterday: "Yesterday",
  week: "This week",

  judged: (grade: string, score: number) => `${grade}, ${score}/10`,
  unjudged: "condition not judged",
  unrecognised: "not recognised",
  failed: "no report",
  failedTitle: "These photos did not become a report",
  making: { accept: "accepted", model: "the model looks", narrate: "being worded" },
  waiting: "waits for the model",
  unfinishedTitle: "The report is being made",

  choose: "Select",
  stopChoosing: "Done",
  choosing: "Selected reports",
  chosen: (count: number) => `${count} selected`,
  chooseAll: (count: number) => `Select all ${count}`,
  chooseNone: "Select none",
  most: (count: number) => `At most ${count} reports at once.`,
  export: "Export",
  delete: "Delete",

  exportTitle: (count: number) => `Export ${reports(count)}`,
  exportFor: "File for",
  exportSource: "Columns as in:",
  exportLanguage: "Language of the texts",
  exportLanguages: { en: "English", fr: "French" },
  exportOwn: "A report without texts in this language keeps its own.",
  exportLeftOut: (count: number) =>
    count === 1 ? "1 of them has no result and is left out." : `${count} of them have no result and are left out.`,
  exportLinks: "The links to the photos hold for 10 minutes: import the file at once.",
  exportFill: "Price, brand and stock stay empty: fill them in at the shop.",
  exportSave: "Save the file",

  deleteTitle: (count: number) => (count === 1 ? "Delete this report?" : `Delete these ${count} reports?`),
  deleteText: "The reports, their photos and all that was made of them are erased at once. This cannot be undone.",
  deleteConfirm: (count: number) => (count === 1 ? "Delete it" : `Delete ${count}`),
  deleteKeep: (count: number): string => (count === 1 ? "Keep it" : "Keep them"),
  deleting: (done: number, all: number) => `${done} of ${all} deleted`,
  deletedTitle: (count: number) => (count === 1 ? "1 report deleted" : `${count} reports deleted`),
  deleteFailed: (count: number) =>
    count === 1 ? "1 report could not be deleted:" : `${count} reports could not be deleted:`,
  deletedBefore: (count: number) => (count === 1 ? "1 was deleted already." : `${count} were deleted already.`),
  deleteAgain: "Try these again",
  saveReceipts: "Save the receipts",
  done: "Done",
};
