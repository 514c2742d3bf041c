/** The requests of the shelf: pages of reports, reports by their ids, files for importers, erasure. */
import { type Api, dataOf, type ErasureReceipt, type ListedReport } from "../api/client.ts";
import { problemOf } from "../api/problem.ts";
import type { Layout } from "./layouts.ts";

export interface Page {
  readonly reports: readonly ListedReport[];
  /** The id from which the next page goes on; null: there is none. */
  readonly next: string | null;
}

export interface PageQuery {
  /** Words that the reports must have; empty: all reports. */
  readonly search: string;
  readonly before: string | null;
  readonly limit: number;
}

/** The most reports that the service takes by their ids. */
export const MOST_IDS = 100;

export interface ExportedFile {
  readonly name: string;
  readonly content: Blob;
}

export class ShelfRequests {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Return a page of the person's reports, newest first. Throws ApiProblem. */
  async page({ search, before, limit }: PageQuery, signal: AbortSignal): Promise<Page> {
    const query = { limit, ...(search && { search }), ...(before !== null && { before }) };
    return dataOf(await this.#api.GET("/reports", { params: { query }, signal })) as Page;
  }

  /** Return the reports with these ids. Throws ApiProblem, with status 404 if one of them is gone. */
  async chosen(ids: readonly string[], signal: AbortSignal): Promise<readonly ListedReport[]> {
    const query = { ids: ids.join(",") };
    return (dataOf(await this.#api.GET("/reports", { params: { query }, signal })) as Page).reports;
  }

  /** Return the succeeded ones of these reports as a file for an importer. Throws ApiProblem. */
  async file(ids: readonly string[], layout: Layout, language: "en" | "fr"): Promise<ExportedFile> {
    const query = { ids: ids.join(","), format: "csv", layout, language } as const;
    const { response, error } = await this.#api.GET("/reports", { params: { query }, parseAs: "stream" });
    if (!response.ok) throw problemOf(response, error);
    const said = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "");
    return { name: said?.[1] ?? `vitrine-${layout}.csv`, content: await response.blob() };
  }

  /** Erase a report; returns the receipt. Throws ApiProblem, with status 404 if it is gone already. */
  async erase(id: string): Promise<ErasureReceipt> {
    return dataOf(await this.#api.DELETE("/reports/{report_id}", { params: { path: { report_id: id } } }));
  }
}
