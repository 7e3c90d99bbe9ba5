/** Why a package cannot be taken. `code` goes to export.error_code, the message is the sentence the operator reads. */
export type RefusalCode =
  | 'not_a_zip'
  | 'empty_package'
  | 'nothing_recognised'
  | 'unsafe_entry'
  | 'duplicate_entry'
  | 'encrypted_entry'
  | 'unsupported_entry'
  | 'damaged_entry'
  | 'too_many_entries'
  | 'too_large_unpacked'
  | 'suspicious_ratio'
  | 'unreadable_manifest';

/** A fault of the package, not of ours: the export fails with it and nobody tries again. */
export class PackageRefused extends Error {
  override readonly name = 'PackageRefused';
  constructor(
    readonly code: RefusalCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
