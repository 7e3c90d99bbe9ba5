/**
 * Every rule by which a row is left out, with the sentence that the documents print. A row that is left out is not
 * wrong: what is wrong with a row is a finding (findings.ts).
 */
export const exclusionRules = {
  deleted: 'Deleted in OctopusPro. The migration takes deleted records along only when that is set.',
  parent_deleted: 'It belongs to a record that was deleted in OctopusPro.',
  repeated_header: 'It is the header of its file once more, as when parts were joined.',
  duplicate_id_equal: 'The same row stands in the export more than once: the first is migrated.',
  automated_message:
    'A message that an automation sent, to nobody in particular. The setting includeAutomatedMessages takes them along.',
  push_message: 'A notification on a phone, which says what stands elsewhere.',
  history_not_needed: 'Pipedrive takes no history of stages: only the change that closed a booking is used.',
  no_target_record: 'It belongs to something that has no record in Pipedrive, like a worker.',
  unused_label: 'A label of nothing that we write, like one of workers only.',
  empty_file: 'A file of nothing: Pipedrive refuses to store it.',
  inventory_only: 'Pipedrive has no place for it: it is written down in an inventory instead.',
  out_of_scope: 'The file is no part of an OctopusPro export as we know it. It stays in the package.',
  json_not_read: 'The file is JSON, which is kept as it came: only tables of this kind of record are read.',
  not_in_mapping: 'The confirmed mapping leaves this kind of record out.',
  not_supported_yet: 'This kind of record is not carried over yet.',
} as const satisfies Record<string, string>;

export type ExclusionRule = keyof typeof exclusionRules;

/** For people; a rule of a newer build than ours says nothing. */
export function exclusionSentence(rule: string): string {
  return Object.hasOwn(exclusionRules, rule) ? exclusionRules[rule as ExclusionRule] : '';
}
