/** Invented people and places; e-mail domains end in .example and phone numbers are in ranges kept for fiction. */
const list = (text: string) => text.split(' ');

export const firstNames = list(
  'Harriet Arjun Noreen Felix Maeve Tobias Ingrid Callum Priya Desmond Yuki Rosalind Amir Beatrix Conrad Delia Ewan Farida Gideon Hollis Imogen Jasper Keira Leopold Mirela Nadia Oscar Petra Quentin Rhoda Silas Tamsin Umar Verity Wilhelm Xenia Yasmin Zoltan Agnes Barnaby Cleo Dorian Elspeth Fergus Greta Hamish Isolde Jonah Kalinda Lorcan Zoë José Anaïs Søren',
);
export const lastNames = list(
  'Pell Devaraj Abbotsleigh Castellane Ashdown Barrowclough Corrigan Dunmore Eastlake Fairbairn Galbraith Haverstock Inglewood Jarrow Kestrel Lamington Marchetti Northcote Okonjo Pemberley Quillfeather Ravensworth Sandoval Thistlewood Underhay Vantongeren Whitlock Yarborough Zielinski Applethwaite Brackenridge Coldstream Drummoyne Ellingham Foxglove Greystanes Hollowell Ironmonger Jessop Kirribee Larkspur Merriwether Nightingale Oakhurst Prendergast Rosethorn Stonecutter Tidewater Umberleigh Vexford Wattlebird Halász Müller Peña',
);
export const streets = list(
  'Wattlebird Figtree Currawong Boatshed Anchor Ironbark Stonecutter Chandlery Ferndale Lilypond Harbourview Kookaburra Saltbush Lighthouse Banksia Mangrove Pelican Quarry Rosella Sandstone Tamarind Union Vineyard Waratah Yacht Bluegum Cedar Driftwood Elkhorn Galah',
);
export const streetKinds = list('Street Lane Parade Avenue Road Close');
export const suburbs: ReadonlyArray<readonly [string, string]> = [
  ...([
    'Manly 2095',
    'Mosman 2088',
    'Balmain 2041',
    'Cremorne 2090',
    'Seaforth 2092',
    'Balgowlah 2093',
  ] as const),
  ...([
    'Neutral_Bay 2089',
    'Newtown 2042',
    'Marrickville 2204',
    'Glebe 2037',
    'Coogee 2034',
    'Bondi 2026',
  ] as const),
  ...([
    'Chatswood 2067',
    'Ryde 2112',
    'Epping 2121',
    'Hornsby 2077',
    'Penrith 2750',
    'Parramatta 2150',
  ] as const),
].map((text) => {
  const [name = '', postcode = ''] = text.split(' ');
  return [name.replace('_', ' '), postcode] as const;
});
export const companyNames = {
  first: list(
    'Tallow Brindle Copper Saffron Granite Marlow Orchard Pinnacle Redgum Silver Tandem Upland Verdant Willow Amber Beacon Cobalt Dovetail Ember Falcon',
  ),
  second: list(
    'Ridge Point Lane Harbour Field Works Grove Bay Gate Quay Crest Vale Mill Cross Park Hill Shore Bridge Court Square',
  ),
  kind: [
    ...['Property Group', 'Cafés', 'Dental', 'Strata', 'Early Learning', 'Logistics', 'Studios', 'Legal'],
    ...['Motors', 'Hotels', 'Fitness', 'Holdings', 'Veterinary', 'Builders', 'Wines', 'Realty'],
  ],
};
export const domains = list(
  'postbox.example kelpmail.example inlet.example tidewire.example gumleaf.example',
);
export const serviceNames = [
  ...['Regular clean', 'End-of-lease clean', 'Deep clean', 'Hedge trimming', 'Gutter cleaning', 'Oven clean'],
  ...[
    'Lawn mowing',
    'Window cleaning',
    'Carpet steam clean',
    'Pressure washing',
    'Handyman hour',
    'Garden makeover',
  ],
];
export const sources = ['Website', 'Referral', 'Google', 'Phone', 'Facebook', 'Walk-in'];
export const sentences = [
  'Customer prefers the same crew every time.',
  'Key is with the building manager, desk on level 1.',
  'Second bathroom needs more time than planned.',
  'Asked for a quote on the windows next visit.',
  'Side gate sticks; lift and push.',
  'Parking only behind the shop, two spaces.',
  'Called to confirm, happy with the last visit.',
  'Green waste bin was full, took two bags with us.',
  'Please send the invoice to accounts, not to the site.',
  'Dog is friendly but should stay in the yard.',
  'Café opens at seven, finish before that.',
  'Ladder needed for the upper gutters.',
];
export const labelWords = [
  ...[
    'VIP',
    'Commercial',
    'After hours',
    'Key holder',
    'Website lead',
    'Senior',
    'Warranty',
    'Repeat',
    'Strata',
  ],
  ...['Urgent', 'Inspection', 'Insurance'],
];
