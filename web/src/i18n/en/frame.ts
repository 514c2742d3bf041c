/** Words of the frame: navigation, sign-in, messages that any screen can show. */
export const frame = {
  photograph: "Photograph",
  shelf: "Shelf",
  signIn: "Sign in",
  signOut: "Sign out",
  email: "E-mail",
  password: "Password",
  language: "Language",
  offline: "You are offline. What is queued is sent when the connection returns.",
  tryAgain: "Try again",
  failed: "Something went wrong",
  notFound: "There is nothing at this address.",
};
