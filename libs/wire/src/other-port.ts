/** For a person who took one of a coordinator's ports for the other. */
export const OTHER_PORT =
  'expected the port of serve --listen (7070 by default), received perhaps that of --http, the page (7071 by default)';
