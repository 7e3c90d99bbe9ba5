/** A mapped set and the export it is made from. */
export interface SetScope {
  tenantId: string;
  exportId: string;
  setId: string;
}
