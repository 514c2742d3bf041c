import type { Words } from "../index.ts";

// \u00a0: l’espace insécable, \u202f: la fine.
const rapports = (count: number) => (count < 2 ? `${count} rapport` : `${count} rapports`);

export const shelf: Words["shelf"] = {
  title: "Étagère",
  reports: rapports,
  loading: "Chargement de vos rapports…",
  emptyTitle: "Aucun rapport pour l’instant",
  emptyText: "Photographiez un objet\u00a0: son rapport apparaît ici.",
  photograph: "Photographier",

  search: "Rechercher dans vos rapports",
  clear: "Effacer la recherche",
  searching: "Recherche…",
  noneTitle: (text) => `Rien trouvé pour «\u00a0${text}\u00a0»`,
  noneText: "Essayez moins de mots, ou des mots plus courts. Les rapports en préparation ne sont pas parcourus.",
  soFar: (day) => `Recherche faite en remontant au ${day}.`,
  further: "Chercher plus loin",
  more: "Afficher plus",
  shown: (count, isWhole) =>
    `${rapports(count)} ${count < 2 ? "affiché" : "affichés"}${isWhole ? ", c’est tout" : ""}`,

  today: "Aujourd’hui",
  yesterday: "Hier",
  week: "Cette semaine",

  judged: (grade, score) => `${grade}, ${score}/10`,
  unjudged: "état non évalué",
  unrecognised: "non reconnu",
  failed: "pas de rapport",
  failedTitle: "Ces photos n’ont pas donné de rapport",
  making: { accept: "accepté", model: "le modèle regarde", narrate: "en rédaction" },
  waiting: "attend le modèle",
  unfinishedTitle: "Le rapport est en préparation",

  choose: "Sélectionner",
  stopChoosing: "Terminer",
  choosing: "Rapports sélectionnés",
  chosen: (count) => (count < 2 ? `${count} sélectionné` : `${count} sélectionnés`),
  chooseAll: (count) => `Tous (${count})`,
  chooseNone: "Aucun",
  most: (count) => `${count} rapports à la fois au plus.`,
  export: "Exporter",
  delete: "Supprimer",

  exportTitle: (count) => `Exporter ${rapports(count)}`,
  exportFor: "Fichier pour",
  exportSource: "Colonnes selon\u00a0:",
  exportLanguage: "Langue des textes",
  exportLanguages: { en: "Anglais", fr: "Français" },
  exportOwn: "Un rapport sans textes dans cette langue garde les siens.",
  exportLeftOut: (count) =>
    count < 2
      ? `${count} d’entre eux est sans résultat et n’y figure pas.`
      : `${count} d’entre eux sont sans résultat et n’y figurent pas.`,
  exportLinks: "Les liens vers les photos valent 10\u00a0minutes\u00a0: importez le fichier aussitôt.",
  exportFill: "Prix, marque et stock restent vides\u00a0: complétez-les dans la boutique.",
  exportSave: "Enregistrer le fichier",

  deleteTitle: (count) => (count < 2 ? "Supprimer ce rapport\u202f?" : `Supprimer ces ${count} rapports\u202f?`),
  deleteText: "Rapports, photos et tout ce qui en a été tiré sont effacés aussitôt. Cela ne peut pas être annulé.",
  deleteConfirm: (count) => (count < 2 ? "Le supprimer" : `Supprimer les ${count}`),
  deleteKeep: (count) => (count < 2 ? "Le garder" : "Les garder"),
  deleting: (done, all) => `${done} sur ${all} ${done < 2 ? "supprimé" : "supprimés"}`,
  deletedTitle: (count) => (count < 2 ? `${count} rapport supprimé` : `${count} rapports supprimés`),
  deleteFailed: (count) =>
    count < 2 ? `${count} rapport n’a pas pu être supprimé\u00a0:` : `${count} rapports n’ont pas pu être supprimés\u00a0:`,
  deletedBefore: (count) => (count < 2 ? `${count} l’était déjà.` : `${count} l’étaient déjà.`),
  deleteAgain: "Réessayer pour ceux-ci",
  saveReceipts: "Enregistrer les reçus",
  done: "Terminer",
};
