import type { Words } from "../index.ts";

export const frame: Words["frame"] = {
  photograph: "Photographier",
  shelf: "Étagère",
  signIn: "Se connecter",
  signOut: "Se déconnecter",
  email: "Courriel",
  password: "Mot de passe",
  language: "Langue",
  offline: "Vous êtes hors ligne. Ce qui attend part au retour du réseau.",
  tryAgain: "Réessayer",
  failed: "Un problème est survenu",
  notFound: "Il n’y a rien à cette adresse.",
};
