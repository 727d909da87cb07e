/** The query of what is made in an organisation; without one the server takes the only one where one may. */
export function inOrganisation(slug: string | undefined): string {
  return slug === undefined ? "" : `?organisation=${encodeURIComponent(slug)}`;
}
