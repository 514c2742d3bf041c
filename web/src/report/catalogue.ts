/** The catalogue's names, which the menus of corrections offer. */
import type { Api } from "../api/client.ts";
import { dataOf } from "../api/client.ts";
import type { components } from "../api/schema.ts";

type Schemas = components["schemas"];
export type Entry = Schemas["NamedId"];
export type Department = Schemas["DepartmentNames"];
export type Catalogue = Schemas["CatalogueNames"];

/** A kind of goods with the name of its department. */
export interface FoundKind extends Entry {
  readonly department: string;
}

const loaded = new Map<string, Promise<Catalogue>>();

/** Return the catalogue's names in `language`, loaded once a visit. Throws ApiProblem. */
export function loadCatalogue(api: Api, language: "en" | "fr"): Promise<Catalogue> {
  const known = loaded.get(language);
  if (known !== undefined) return known;
  const loading = api.GET("/catalogue", { params: { query: { language } } }).then(dataOf<Catalogue>);
  loaded.set(language, loading);
  loading.catch(() => loaded.delete(language));
  return loading;
}

/** Return the department of a kind; undefined: unknown, or the catalogue lacks it. */
export function departmentOf(catalogue: Catalogue, kind: string): Department | undefined {
  return catalogue.departments.find((department) => department.kinds.some((each) => each.id === kind));
}

/** Return the materials or kinds of wear that go with a kind; for an unknown kind those of all departments. */
export function choices(catalogue: Catalogue, kind: string, of: "materials" | "wear"): Entry[] {
  const department = departmentOf(catalogue, kind);
  const departments = department === undefined ? catalogue.departments : [department];
  const entries = new Map(departments.flatMap((each) => each[of].map((entry) => [entry.id, entry] as const)));
  return [...entries.values()].sort((one, other) => one.name.localeCompare(other.name));
}

/** Return a text in small letters without accents, to compare by: "Théière" as "theiere". */
export function folded(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replaceAll("œ", "oe")
    .replaceAll("’", "'")
    .trim();
}

/**
 * Return at most `most` kinds whose name or id has every word of `text`: names that begin with it first, then
 * those with a word that does, then the rest; shorter names before longer ones.
 */
export function findKinds(catalogue: Catalogue, text: string, most: number): FoundKind[] {
  const wanted = folded(text);
  if (wanted === "") return [];
  const parts = wanted.split(/\s+/);
  const found: { kind: FoundKind; rank: number }[] = [];
  for (const department of catalogue.departments) {
    for (const { id, name } of department.kinds) {
      const shown = folded(name);
      const searched = `${shown} ${id.replaceAll("_", " ")}`;
      if (!parts.every((part) => searched.includes(part))) continue;
      const rank = shown === wanted ? 0 : shown.startsWith(wanted) ? 1 : ` ${searched}`.includes(` ${wanted}`) ? 2 : 3;
      found.push({ kind: { id, name, department: department.name }, rank });
    }
  }
  found.sort((one, other) => one.rank - other.rank || one.kind.name.length - other.kind.name.length);
  return found.slice(0, most).map((each) => each.kind);
}
