/**
 * When the export was made, RFC 3339 UTC: what is past is decided by it. From the manifest; else the time the package
 * came in, which is the latest it can have been made.
 */
export function exportedAtOf(found: { manifest: unknown; createdAt: Date }): string {
  const manifest = found.manifest;
  const stated =
    typeof manifest === 'object' && manifest !== null && 'exported_at' in manifest
      ? manifest.exported_at
      : undefined;
  const at = typeof stated === 'string' ? Date.parse(stated) : Number.NaN;
  return new Date(Number.isNaN(at) ? found.createdAt.getTime() : at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
