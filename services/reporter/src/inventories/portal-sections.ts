/** The customer portal by the sections of the source data sheet (5.2): what belongs in each, and what takes its place. */
export interface PortalSection {
  section: string;
  /** Words of the section's name in an export. */
  words: RegExp;
  /** Words of a key, for exports whose sections have other names. */
  keys: RegExp;
  /** What the portal has there; what the export does not show has to be looked up. */
  items: string;
  replacement: string;
}

export const portalSections: ReadonlyArray<PortalSection> = [
  {
    section: 'Lead form',
    words: /lead form|inquiry (form|widget)|enquiry|widget/,
    keys: /lead_?form|inquiry_?form/,
    items: 'the fields of the embedded inquiry form',
    replacement: 'A Pipedrive web form (LeadBooster) with the same fields; swap the code on your website.',
  },
  {
    section: 'Legal, SEO and tracking',
    words: /legal|seo|tracking|analytics|meta/,
    keys: /terms|privacy|disclaimer|meta_|ga4|google_ads|pixel|analytics/,
    items: 'terms, privacy, disclaimers; meta tags, Google Analytics, Google Ads and Meta Pixel ids',
    replacement:
      'Your own website. Put the links to terms and privacy under every Pipedrive web form, and the tracking ids into the page around it.',
  },
  {
    section: 'Fieldworker flags',
    words: /field ?worker|technician|staff/,
    keys: /public_profiles|ratings|availability|service_area/,
    items: 'public profiles, ratings, availability, check of the service area',
    replacement: 'Nothing in Pipedrive: workers are users there and are never public.',
  },
  {
    section: 'Payment',
    words: /payment|checkout|deposit/,
    keys: /payment|deposit|checkout/,
    items: 'payment methods at checkout with their remarks, deposits',
    replacement: 'Your accounting or payment software; Pipedrive takes no payments.',
  },
  {
    section: 'Booking flags',
    words: /booking|schedul|appointment/,
    keys: /lead_time|time_slot|reschedul|cancel|recurring|guest|upload|price_visib/,
    items:
      'instant or request, lead time, time slots, addresses, guest checkout, rescheduling, cancelling, repeat bookings and when their invoices are made, uploads, visible prices',
    replacement: 'Pipedrive Scheduler for fixed slots, a web form for requests, or an external booking page.',
  },
  {
    section: 'Website flags',
    words: /website|page|content/,
    keys: /about|contact|faq|search|brief|review|click_to_call/,
    items:
      'about us, contact us, link to the questions, search of services, short descriptions, reviews, click to call',
    replacement: 'Your own website.',
  },
  {
    section: 'Identity',
    words: /identity|brand|general|design|appearance|portal/,
    keys: /enabled|portal_url|domain|logo|favicon|colou?r|background|social|menu|promotion/,
    items:
      'portal address or own domain, logo, favicon, colours, background, social links, menu links, promotions',
    replacement:
      'Your own website. Point the old portal address to it when OctopusPro is switched off; logo and colours go into web forms and Scheduler.',
  },
];

/** As the data sheet shows them; the table above is in the order in which they are tried. */
export const portalSectionOrder = [
  'Identity',
  'Legal, SEO and tracking',
  'Website flags',
  'Booking flags',
  'Fieldworker flags',
  'Payment',
  'Lead form',
];

/** By the section's name, then by the key; undefined for what the data sheet does not know. */
export function findPortalSection(section: string, key: string): PortalSection | undefined {
  const name = section.toLowerCase().replaceAll('_', ' ');
  return (
    portalSections.find((candidate) => name !== '' && candidate.words.test(name)) ??
    portalSections.find((candidate) => candidate.keys.test(key.toLowerCase()))
  );
}
