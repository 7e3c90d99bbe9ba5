// The invented company, as tables. Nothing here is computed: amounts, ids of documents and dates that follow
// from these tables are worked out in ../make-harbour-home-services.mjs.
// Street names, people, firms and e-mail domains (*.example, RFC 2606) are invented; suburbs are real places.

export const zone = 'Australia/Sydney';
export const exportedAt = '2025-11-17T18:00:00+11:00';
export const tenant = {
  name: 'Harbour Home Services',
  account_id: 'hhs-20417',
  country: 'AU',
  currency: 'AUD',
  time_zone: zone,
  date_format: 'DD/MM/YYYY',
  time_format: 'h:mm A',
  fieldworker_label: ['Technician', 'Technicians'],
  billing_model: 'booking_fee',
};

// The only Australian mobile numbers set aside by the ACMA for fiction; landlines are 02 5550 xxxx and 02 7010 xxxx.
// A phone number that rings somebody must never be in a sample, so there are customers without a mobile.
// biome-ignore format: a table is read by row
export const fictionMobiles = [
  '0491 570 006', '0491 570 156', '0491 570 157', '0491 570 158', '0491 570 159', '0491 570 110',
  '0491 570 313', '0491 570 737', '0491 571 266', '0491 571 491', '0491 571 804', '0491 572 549',
  '0491 572 665', '0491 572 983', '0491 573 770', '0491 573 087', '0491 574 118', '0491 574 632',
  '0491 575 254', '0491 575 789', '0491 576 398', '0491 576 801', '0491 577 426', '0491 577 644',
  '0491 578 957', '0491 578 148', '0491 578 888', '0491 579 212', '0491 579 760', '0491 579 455',
];

// biome-ignore format: a table is read by row
export const suburbs = {
  Manly: ['2095', -33.797, 151.285],
  Freshwater: ['2096', -33.778, 151.286],
  'Dee Why': ['2099', -33.753, 151.287],
  Balgowlah: ['2093', -33.794, 151.263],
  Seaforth: ['2092', -33.797, 151.249],
  Mosman: ['2088', -33.829, 151.244],
  'Neutral Bay': ['2089', -33.834, 151.219],
  Cremorne: ['2090', -33.828, 151.229],
  'North Sydney': ['2060', -33.839, 151.207],
  'Crows Nest': ['2065', -33.826, 151.199],
  Chatswood: ['2067', -33.797, 151.181],
  'Lane Cove': ['2066', -33.815, 151.167],
  Balmain: ['2041', -33.857, 151.179],
  Leichhardt: ['2040', -33.883, 151.157],
  Newtown: ['2042', -33.898, 151.179],
  Marrickville: ['2204', -33.911, 151.155],
  'Surry Hills': ['2010', -33.886, 151.211],
  Randwick: ['2031', -33.914, 151.241],
  Brookvale: ['2100', -33.766, 151.271],
};

// id, type, title, first, last, business, e-mail, phones (m = mobile, p = landline), unit, number, street, suburb, joined, more
// biome-ignore format: a table is read by row
export const customers = [
  [1001, 'Personal', 'Ms', 'Harriet', 'Pell', '', 'harriet.pell@postbox.example', 'mp', '', '14', 'Wattlebird Street', 'Manly', '2021-03-09', { labels: ['VIP'], notes: 'Prefers the same crew every time. Dog is called Biscuit 🐶' }],
  [1002, 'Personal', 'Mr', 'Arjun', 'Devaraj', '', 'arjun.devaraj@kelpmail.example', 'm', '3', '88', 'Figtree Parade', 'Neutral Bay', '2022-07-18', {}],
  [1003, 'Personal', 'Mrs', 'Noreen', 'Abbotsleigh', '', 'noreen.abbotsleigh@postbox.example', 'mp', '', '7', 'Currawong Lane', 'Mosman', '2019-11-02', { labels: ['VIP', 'Senior'], notes: 'Fortnightly Thursdays.\nKey in lock box by the "blue" door; code is in the gate code field.' }],
  [1004, 'Personal', 'Dr', 'Zoë', 'Brontë-Fairweather', '', 'zoe.bf@inletpost.example', 'm', '', '21', 'Headland Rise', 'Freshwater', '2023-01-30', {}],
  [1005, 'Personal', 'Mrs', 'Helen', 'Marchetti', '', 'helen@marchetti-home.example', 'm', '', '52', 'Lemon Myrtle Avenue', 'Leichhardt', '2020-05-12', { first2: 'Paolo', last2: 'Marchetti', email2: 'paolo@marchetti-home.example', m2: true, notes: 'Paolo lets us in on weekdays, Helen pays.' }],
  [1006, 'Personal', 'Mr', 'Callum', 'Strathie', '', 'c.strathie@kelpmail.example', 'm', '', '9', 'Sandstone Crescent', 'Balgowlah', '2022-02-14', { email2: 'callum.strathie@shipyardpost.example' }],
  [1007, 'Personal', 'Ms', 'ليلى', 'حداد', '', 'layla.haddad@inletpost.example', 'm', '12', '140', 'Quarry Hill Road', 'Lane Cove', '2024-03-22', { notes: 'Writes her name as ليلى حداد; on the phone she goes by Layla.' }],
  [1008, 'Personal', 'Miss', 'Renée', 'Lécuyer', '', 'renee.lecuyer@postbox.example', 'p', '', '33', 'Jacaranda Close', 'Chatswood', '2023-09-05', {}],
  [1009, 'Personal', 'Mr', 'Desmond', 'Oyelaran', '', 'desmond.o@kelpmail.example', 'm', '', '5', 'Boatshed Lane', 'Balmain', '2021-10-11', { labels: ['Garden'] }],
  [1010, 'Personal', 'Mrs', 'Ingrid', 'Solvang', '', 'ingrid.solvang@inletpost.example', 'mp', '', '61', 'Kookaburra Street', 'Seaforth', '2020-08-27', { notes: '<p>Allergic to <b>citrus</b> cleaners.<br>Use the fragrance-free kit &amp; rinse twice.</p>' }],
  [1011, 'Personal', 'Mr', 'Patrick', "O'Shanassy", '', 'pat.oshanassy@postbox.example', 'p', '', '118', 'Old Tramway Road', 'Randwick', '2022-04-19', {}],
  [1012, 'Personal', 'Mr', 'Leonard', 'Quist', '', 'len.quist@shipyardpost.example', 'p', '', '26', 'Banksia Loop', 'Dee Why', '2019-06-15', { labels: ['Senior', 'Garden'], notes: 'No e-mail reminders please, ring the landline.', optOut: true }],
  [1013, 'Personal', 'Ms', 'Thi Mai', 'Đặng', '', 'mai.dang@kelpmail.example', 'm', '4', '17', 'Ropewalk Street', 'Marrickville', '2024-01-08', {}],
  [1014, 'Personal', 'Ms', 'Georgia', 'Tavendale', '', 'georgia.tavendale@inletpost.example', 'm', '', '73', 'Pelican Avenue', 'Manly', '2023-05-25', {}],
  [1015, 'Personal', 'Mr', 'Bruno', 'Sáez', '', 'bruno.saez@postbox.example', 'p', '9', '205', 'Foundry Street', 'Surry Hills', '2024-06-03', {}],
  [1016, 'Personal', 'Mrs', 'Alma', 'Whitcombe', '', 'alma.whitcombe@shipyardpost.example', 'p', '', '40', 'Rosella Drive', 'Chatswood', '2021-12-01', { labels: ['Senior'] }],
  [1017, 'Personal', 'Mr', 'Kofi', 'Mensah-Grey', '', 'kofi.mg@kelpmail.example', 'm', '', '2', 'Lighthouse Steps', 'Freshwater', '2022-11-20', {}],
  [1018, 'Personal', 'Ms', 'Tamsin', 'Orr', '', 'tamsin.orr@postbox.example', 'm', '6', '31', 'Cannery Row', 'Balmain', '2024-08-14', { notes: 'Moving out in March 2025; forwarding address to follow.' }],
  [1019, 'Personal', 'Mr', 'Hamish', 'Dunmore', '', 'hamish@dunmore-family.example', 'p', '', '95', 'Bellbird Road', 'Lane Cove', '2020-02-06', { first2: 'Hamish', last2: 'Dunmore', email2: 'hamish.dunmore@shipyardpost.example' }],
  [1020, 'Personal', 'Miss', 'Saoirse', 'Keane', '', 'saoirse.keane@inletpost.example', 'm', '11', '8', 'Printworks Lane', 'Newtown', '2024-10-10', {}],
  [1021, 'Personal', 'Mr', 'Viktor', 'Halász', '', 'viktor.halasz@postbox.example', 'p', '', '19', 'Ironbark Street', 'Cremorne', '2023-02-17', {}],
  [1022, 'Personal', 'Mrs', 'Beatrice', 'Nakamura', '', 'bea.nakamura@kelpmail.example', 'm', '', '66', 'Coral Tree Avenue', 'Mosman', '2021-07-07', { first2: 'Kenji', last2: 'Nakamura', email2: 'kenji.nakamura@kelpmail.example', first3: 'Yumi', last3: 'Nakamura' }],
  [1023, 'Personal', 'Mr', 'Owen', 'Trelawny', '', 'owen.trelawny@shipyardpost.example', 'p', '', '4', 'Mariner Court', 'Seaforth', '2022-09-28', {}],
  [1024, 'Personal', 'Ms', 'Fatou', 'Diallo', '', 'fatou.diallo@inletpost.example', 'p', '2', '150', 'Signal Hill Road', 'Randwick', '2025-01-13', {}],
  [1025, 'Personal', 'Mr', 'Rhys', 'Pemberley', '', 'rhys.pemberley@postbox.example', 'm', '', '37', 'Spinnaker Way', 'Manly', '2023-11-04', { notes: 'Said: "ring the bell twice, then wait".' }],
  [1026, 'Personal', 'Mrs', 'Dorothea', 'Vance', '', '', 'p', '', '12', 'Heathfield Street', 'Balgowlah', '2019-03-21', { labels: ['Senior'], notes: 'No e-mail. Post the invoice.' }],
  [1027, 'Personal', 'Mr', 'Stan', 'Kowalczyk', '', 'stan.kowalczyk@shipyardpost.example', 'p', '', '81', 'Brickfield Road', 'Marrickville', '2024-04-29', {}],
  [1028, 'Personal', 'Ms', 'Imogen', 'Farrant', '', 'imogen.farrant@kelpmail.example', 'm', '', '29', 'Plover Street', 'Dee Why', '2022-12-12', {}],
  [1029, 'Personal', 'Mr', 'Mateus', 'Ribeiro', '', 'mateus.ribeiro@inletpost.example', 'p', '15', '400', 'Harbour View Road', 'North Sydney', '2025-02-03', {}],
  [1030, 'Personal', 'Ms', 'Wren', 'Halloran', '', 'wren.halloran@postbox.example', 'm', '', '10', 'Tannery Lane', 'Leichhardt', '2024-11-19', {}],
  [1031, 'Personal', 'Mr', 'Elio', 'Benedetti', '', 'elio.benedetti@shipyardpost.example', 'p', '', '58', 'Grevillea Street', 'Chatswood', '2023-08-08', {}],
  [1032, 'Personal', 'Mrs', 'Joan', 'Appleyard', '', 'joan.appleyard@postbox.example', 'p', '', '3', 'Chapel Row', 'Crows Nest', '2020-10-30', { labels: ['Senior'] }],
  [1033, 'Personal', 'Mr', 'Tariq', 'Anwar', '', 'tariq.anwar@kelpmail.example', 'm', '7', '22', 'Customs House Lane', 'North Sydney', '2025-03-11', {}],
  [1034, 'Personal', 'Ms', 'Philippa', 'Stroud', '', 'pip.stroud@inletpost.example', 'p', '', '101', 'Whitegum Road', 'Lane Cove', '2021-04-16', {}],
  [1035, 'Personal', 'Mr', 'Yusuf', 'Demir', '', 'yusuf.demir@postbox.example', 'p', '', '46', 'Weaver Street', 'Newtown', '2024-02-20', {}],
  [1036, 'Personal', 'Ms', 'Clementine', 'Ashby', '', 'clem.ashby@shipyardpost.example', 'p', '', '13', 'Honeyeater Place', 'Freshwater', '2023-03-03', {}],
  [1037, 'Personal', 'Mr', 'Rory', 'Gallant', '', 'rory.gallant@kelpmail.example', 'p', '', '70', 'Stonecutter Road', 'Seaforth', '2025-06-18', {}],
  [1038, 'Personal', 'Ms', 'Amrit', 'Sandhu', '', 'amrit.sandhu@postbox.example', 'm', '', '24', 'Bluegum Circuit', 'Chatswood', '2025-07-29', {}],
  [1039, 'Personal', 'Mr', 'Nils', 'Ekström', '', 'nils.ekstrom@inletpost.example', 'p', '18', '55', 'Towpath Street', 'Cremorne', '2025-08-21', {}],
  [1040, 'Personal', 'Mrs', 'Lorraine', 'Bickerton', '', 'lorraine.bickerton@postbox.example', 'p', '', '6', 'Candlebark Close', 'Brookvale', '2025-09-09', {}],
  [1041, 'Personal', 'Ms', 'Oksana', 'Melnyk', '', 'oksana.melnyk@kelpmail.example', 'p', '5', '12', 'Lamplighter Lane', 'Surry Hills', '2025-10-02', {}],
  [1042, 'Personal', 'Mr', 'Gus', 'Fairbairn', '', 'gus.fairbairn@shipyardpost.example', 'p', '', '90', 'Paperbark Avenue', 'Dee Why', '2025-10-20', {}],
  [1043, 'Personal', 'Ms', 'Delphine', 'Roux', '', 'delphine.roux@inletpost.example', 'p', '', '34', 'Tidepool Street', 'Manly', '2025-11-10', {}],
  [1044, 'Personal', 'Mr', 'Edmund', 'Larkin', '', 'edmund.larkin@postbox.example', 'p', '', '16', 'Ferndale Street', 'Balgowlah', '2022-05-31', {}],
  [1045, 'Personal', 'Mrs', 'Winifred', 'Cho', '', 'winifred.cho@postbox.example', 'p', '', '77', 'Magpie Street', 'Randwick', '2023-06-26', {}],
  [1046, 'Personal', 'Mr', 'Barnaby', 'Twist', '', 'barnaby.twist@kelpmail.example', 'p', '', '1', 'Nowhere Lane', 'Newtown', '2022-01-05', { deletedAt: '2023-02-01T11:15:00+11:00', notes: 'Never booked; removed at his request.' }],
  [1047, 'Personal', 'Ms', 'Ottilie', 'Brandt', '', 'ottilie.brandt@inletpost.example', 'p', '', '48', 'Sextant Street', 'Balmain', '2024-12-16', {}],
  [1048, 'Business', 'Ms', 'Karen', 'Lindqvist', 'Tidewater Dental Pty Ltd', 'karen@tidewaterdental.example', 'mp', 'Suite 2', '310', 'Mainsail Road', 'Crows Nest', '2021-01-18', { labels: ['Commercial'], due: 14, notes: 'Practice manager. Alarm must be set again after the clean.' }],
  [1049, 'Business', 'Dr', 'Sunil', 'Pathmanathan', 'Tidewater Dental Pty Ltd', 'sunil@tidewaterdental.example', 'p', 'Suite 2', '310', 'Mainsail Road', 'Crows Nest', '2021-01-18', { labels: ['Commercial'], due: 14, same: 1048 }],
  [1050, 'Business', 'Mr', 'Gareth', 'Mulcahy', 'Beacon Point Strata Management', 'gareth@beaconpointstrata.example', 'mp', 'Level 3', '77', 'Chandler Street', 'North Sydney', '2020-09-14', { labels: ['Commercial'], due: 30, email2: 'accounts@beaconpointstrata.example' }],
  [1051, 'Business', 'Ms', 'Yolanda', 'Fitch', 'Beacon Point Strata Management', 'yolanda@beaconpointstrata.example', 'p', 'Level 3', '77', 'Chandler Street', 'North Sydney', '2022-03-01', { labels: ['Commercial'], due: 30, same: 1050 }],
  [1052, 'Business', 'Mr', 'Andrei', 'Popescu', 'Beacon Point Strata Management', 'andrei@beaconpointstrata.example', 'p', 'Level 3', '77', 'Chandler Street', 'North Sydney', '2024-07-15', { labels: ['Commercial'], due: 30, same: 1050 }],
  [1053, 'Business', 'Mr', 'Étienne', 'Moreau', 'Saltbush Café', 'etienne@saltbushcafe.example', 'm', '', '19', 'Wharf Steps', 'Manly', '2022-06-22', { labels: ['Commercial'], due: 14, notes: 'Kitchen only after closing time ☕' }],
  [1054, 'Business', 'Ms', 'Paige', 'Rutherglen', 'Gull & Anchor Realty', 'paige@gullandanchor.example', 'mp', '', '402', 'Anchor Parade', 'Balmain', '2020-01-20', { labels: ['Commercial', 'Agent'], due: 14 }],
  [1055, 'Business', 'Mr', 'Dominic', 'Sayle', 'Gull & Anchor Realty', 'dominic@gullandanchor.example', 'p', '', '402', 'Anchor Parade', 'Balmain', '2021-05-10', { labels: ['Commercial', 'Agent'], due: 14, same: 1054 }],
  [1056, 'Business', 'Ms', 'Hye-jin', 'Baek', 'Gull & Anchor Realty', 'hyejin@gullandanchor.example', 'p', '', '402', 'Anchor Parade', 'Balmain', '2023-10-16', { labels: ['Commercial', 'Agent'], due: 14, same: 1054 }],
  [1057, 'Business', 'Mr', 'Lachlan', 'Voss', 'Northcliff Physiotherapy', 'reception@northcliffphysio.example', 'p', '', '65', 'Northcliff Terrace', 'Neutral Bay', '2023-04-12', { labels: ['Commercial'], due: 14 }],
  [1058, 'Business', 'Mrs', 'Naledi', 'Khumalo', 'Lantern Street Childcare', 'naledi@lanternstreet.example', 'm', '', '28', 'Lantern Street', 'Marrickville', '2022-08-15', { labels: ['Commercial'], due: 14, notes: 'Working-with-children check needed for everyone on site.' }],
  [1059, 'Business', '', '', '', 'Ferrywharf Studios', 'studio@ferrywharf.example', 'p', 'Shed 4', '1', 'Ferrywharf Road', 'Balmain', '2024-09-30', { labels: ['Commercial'], due: 14, notes: 'No named contact so far.' }],
  [1060, 'Business', 'Mr', 'Declan', "O'Hanlon", 'The "Shed" Hire Co', 'declan@theshedhire.example', 'p', '', '230', 'Depot Road', 'Brookvale', '2023-07-19', { labels: ['Commercial'], due: 14 }],
];

// biome-ignore format: a table is read by row
export const properties = [
  [2001, 1001, 'pet', 'Biscuit', { breed: 'Kelpie cross, friendly' }],
  [2002, 1003, 'pet', 'Sir Tom', { breed: 'Grey cat, do not let out' }],
  [2003, 1050, 'site', 'Beacon Point Towers, lobby and bin room', { unit: '', number: '8', street: 'Breakwater Street', suburb: 'North Sydney' }],
  [2004, 1051, 'site', 'Mizzen Court, stairwells', { unit: '', number: '44', street: 'Mizzen Street', suburb: 'Neutral Bay' }],
  [2005, 1054, 'unit', 'Rental: Cooper Lane', { unit: '6', number: '31', street: 'Cooper Lane', suburb: 'Balmain' }],
  [2006, 1054, 'unit', 'Rental: Bosun Street', { unit: '', number: '12', street: 'Bosun Street', suburb: 'Leichhardt' }],
  [2007, 1055, 'unit', 'Rental: Galley Road', { unit: '10', number: '97', street: 'Galley Road', suburb: 'Marrickville' }],
  [2008, 1022, 'appliance', 'Steam oven', { breed: 'Descale with citric acid only' }],
  [2009, 1012, 'vehicle', 'Ride-on mower in shed', { breed: 'Key on the hook' }],
];

// id, display name, first, last, e-mail, phone, role, employment, parent, status, structure, hourly cents, overtime cents, commission, services, areas, tracking
// biome-ignore format: a table is read by row
export const fieldworkers = [
  [41, 'Maeve D.', 'Maeve', 'Donnelly', 'maeve@harbourhome.example', '02 5550 0341', 'fieldworker', 'employee', '', 'active', 'hourly', 3420, 5130, '', [301, 302, 303, 304, 306], ['Northern Beaches'], true],
  [42, 'Tomasz W.', 'Tomasz', 'Wieczorek', 'tomasz@harbourhome.example', '02 5550 0342', 'fieldworker', 'subcontractor', '', 'active', 'commission', '', '', '62.5', [307, 308, 309, 310, 311], ['Northern Beaches', 'Lower North Shore'], true],
  [43, 'Priya R.', 'Priya', 'Raghunathan', 'priya@harbourhome.example', '02 5550 0343', 'fieldworker', 'employee', '', 'active', 'hourly', 3510, 5265, '', [301, 302, 303, 305, 306], ['Lower North Shore', 'Inner West and City'], false],
  [44, 'Jonah F.', 'Jonah', "Fa'asavalu", 'jonah@harbourhome.example', '02 5550 0344', 'fieldworker', 'employee', '', 'active', 'hourly', 3380, 5070, '', [304, 307, 308, 309, 310], ['Northern Beaches'], true],
  [45, 'Lucía B.', 'Lucía', 'Benítez', 'lucia@harbourhome.example', '02 5550 0345', 'fieldworker', 'employee', '', 'active', 'hourly', 3600, 5400, '', [311, 312], ['Lower North Shore', 'Inner West and City'], true],
  [46, 'Sam O.', 'Sam', 'Okafor', '', '02 5550 0346', 'subworker', 'subcontractor', 42, 'active', 'hourly', 2990, 4485, '', [307, 309], ['Lower North Shore'], false],
  [47, 'Dane W.', 'Dane', 'Whitlock', 'dane.whitlock@harbourhome.example', '02 5550 0347', 'fieldworker', 'employee', '', 'deleted', 'hourly', 3300, 4950, '', [311, 312, 313], ['Inner West and City'], false],
  [48, 'Ines C.', 'Inês', 'Carvalho', 'ines@harbourhome.example', '02 5550 0348', 'fieldworker', 'subcontractor', '', 'inactive', 'commission', '', '', '55', [301, 303, 306], ['Inner West and City'], false],
];
// biome-ignore format: a table is read by row
export const users = [
  [11, 'Rowena Castellane', 'Rowena', 'Castellane', 'rowena@harbourhome.example', '02 5550 0311', 'account admin'],
  [12, 'Felix Nguyen-Hart', 'Felix', 'Nguyen-Hart', 'felix@harbourhome.example', '02 5550 0312', 'office'],
  [13, 'Brigitte Ashdown', 'Brigitte', 'Ashdown', 'brigitte@harbourhome.example', '02 5550 0313', 'office'],
];

// id, name, category, brief, scope sentence, model, cents incl. GST, minutes, unit, active, more
// biome-ignore format: a table is read by row
export const services = [
  [301, 'Regular house clean', 'Cleaning', 'Weekly, fortnightly or monthly', 'Kitchen, bathrooms, floors and dusting.', 'time', 6200, 180, 'hour', true, {}],
  [302, 'End-of-lease clean', 'Cleaning', 'Bond-back checklist', 'Full bond clean to the agent checklist, oven and inside cupboards included.', 'job', 49500, 360, 'job', true, { deposit: 10000, tiers: [{ label: '1 bed', price: '385.00' }, { label: '2 bed', price: '495.00' }, { label: '3 bed', price: '660.00' }] }],
  [303, 'Deep clean', 'Cleaning', 'Top to bottom', 'Skirting boards, tiles, range hood and everything behind the couch.', 'job', 38900, 300, 'job', true, {}],
  [304, 'Window clean', 'Cleaning', 'Inside and out', 'Glass, tracks and screens, inside and out.', 'unit', 935, 90, 'pane', true, { min: 9350 }],
  [305, 'Carpet steam clean', 'Cleaning', 'Per room', 'Pre-treat, steam and deodorise.', 'unit', 4840, 60, 'room', true, {}],
  [306, 'Office clean', 'Cleaning', 'After hours', 'Desks, kitchenette, bins and amenities.', 'time', 5830, 120, 'hour', true, {}],
  [307, 'Lawn mow and edge', 'Gardening', 'Up to 300 m²', 'Mow, edge and blow down; clippings taken away.', 'job', 8250, 60, 'job', true, {}],
  [308, 'Hedge trimming', 'Gardening', 'Per hour', 'Shape to the agreed height; green waste by the bag.', 'time', 7150, 120, 'hour', true, {}],
  [309, 'Garden tidy-up', 'Gardening', 'Per hour', 'Weeding, pruning and a general tidy.', 'time', 6600, 180, 'hour', true, {}],
  [310, 'Gutter clean', 'Handyman', 'Single storey', 'Vacuum gutters, flush downpipes, photos before and after.', 'job', 24010, 120, 'job', true, { areas: ['Northern Beaches', 'Lower North Shore'] }],
  [311, 'Handyman visit', 'Handyman', 'First hour includes call-out', 'Small repairs from the list the customer sends us.', 'time', 9350, 60, 'hour', true, { min: 9350 }],
  [312, 'Flat-pack assembly', 'Handyman', 'Per item', 'Assemble, level and take the cardboard.', 'unit', 5520, 45, 'item', true, {}],
  [313, 'Pressure washing', 'Gardening', 'Retired May 2025', 'Driveway and paths.', 'job', 17930, 120, 'job', false, {}],
];
// id, name, item code, cost cents, markup %, price cents, active
// biome-ignore format: a table is read by row
export const products = [
  [501, 'Stainless screw 8g x 40 mm', 'SCR-840', 5, '100', 10, true],
  [502, 'Wall plug 7 mm', 'PLG-7', 10, '100', 20, true],
  [503, 'Microfibre cloth, 3 pack', 'MFC-3', 550, '50', 825, true],
  [504, 'Butt hinge 100 mm', 'HNG-100', 950, '30', 1235, true],
  [505, 'Silicone sealant, clear', 'SIL-C', 1150, '30', 1495, true],
  [506, 'Tap washer kit', 'TAP-K', 440, '50', 660, true],
  [507, 'Green-waste bag', 'GWB', 220, '100', 440, true],
  [508, 'Sugar cane mulch, bag', '', 1100, '25', 1375, true],
  [509, '9 V battery for smoke alarm', 'BAT-9V', 550, '30', 715, true],
  [510, 'Picture hook pack', 'HOOK', 370, '50', 555, false],
];

// Recurring series: key, customer, first start (local), every n days (or months), count, minutes, workers, lines, title, more
// biome-ignore format: a table is read by row
export const series = [
  { key: 'A', customer: 1048, first: '2025-09-02T18:30', every: { weeks: 1 }, count: 12, minutes: 120, workers: [43], lines: [[306, 2]], title: 'Weekly office clean, dental rooms', recurrence: 'Every 1 week, Tuesday', created: '2025-08-20T11:05', status: { 5: 'Cancelled', 11: 'Confirmed' }, inv: { 0: 'consol', 1: 'consol', 2: 'consol', 9: 'unpaid', 10: 'unpaid' }, cancel: { 5: 'Rooms closed for the long weekend, skip this one' } },
  { key: 'B', customer: 1003, first: '2025-07-10T09:00', every: { weeks: 2 }, count: 9, minutes: 180, workers: [41], lines: [[301, 3]], title: 'Fortnightly house clean', recurrence: 'Every 2 weeks, Thursday', created: '2025-07-01T15:40', status: { 4: 'Cancelled' }, inv: { 8: 'part' }, cancel: { 4: 'Customer away visiting her sister' } },
  { key: 'C', customer: 1012, first: '2025-06-07', every: { months: 1 }, count: 6, minutes: 0, workers: [44], lines: [[307, 1]], title: 'Monthly lawn mow', recurrence: 'Every 1 month, first Saturday or so', created: '2025-05-26T09:12', status: { 5: 'Rain Delay' }, inv: {}, cancel: {} },
  { key: 'D', customer: 1050, first: '2025-03-28T06:00', every: { weeks: 1 }, count: 4, minutes: 90, workers: [48], lines: [[306, 1.5]], title: 'Lobby and bin room, Beacon Point Towers', recurrence: 'Every 1 week, Friday', created: '2025-03-17T13:30', status: {}, inv: {}, cancel: {}, property: 2003 },
];

// Single bookings: customer, start (local; a bare date = no time), minutes, workers, status, lines [service, quantity, discount %], title, more.
// inv: how it is invoiced; without it a Completed booking has one invoice, paid in full.
// biome-ignore format: a table is read by row
export const bookings = [
  [1053, '2025-01-01T00:30', 210, [41, 43], 'Completed', [[303, 1]], 'Post New Year kitchen deep clean', { extras: [['extra', 'After-midnight loading', 1, 8800]], key: 'newyear', desc: 'Start after the last guests have gone 🎆\nFloor drains first, then the line.' }],
  [1001, '2025-01-14T09:00', 180, [41], 'Completed', [[301, 3]], 'House clean after the holidays', {}],
  [1009, '2025-01-16T07:30', 150, [44], 'Completed', [[308, 2.5]], 'Hedge trim, side fence', { extras: [['product', 507, 3]] }],
  [1054, '2025-01-20T08:00', 360, [41, 43], 'Completed', [[302, 1]], 'End-of-lease clean, 2 bed', { property: 2005, inv: 'deposit', key: 'bond1' }],
  [1019, '2025-01-22T10:00', 120, [47], 'Completed', [[311, 2]], 'Hang shelves and fix laundry door', { extras: [['product', 501, 1], ['product', 502, 1], ['product', 504, 2]], key: 'cents' }],
  [1013, '2025-01-25T13:00', 90, [45], 'Completed', [[312, 2]], 'Assemble bed frame and desk', { inv: 'cardFailed' }],
  [1031, '2025-01-29T08:00', 120, [47], 'Completed', [[313, 1]], 'Pressure wash driveway', { inv: 'twoPay' }],
  [1006, '2025-02-03T08:30', 120, [42], 'Completed', [[310, 1]], 'Gutter clean before the storms', { inv: 'overpaid', key: 'overpaid' }],
  [1004, '2025-02-05T09:00', 90, [44], 'Completed', [[304, 14]], 'Windows, 14 panes', { inv: 'twoPay' }],
  [1026, '2025-02-07T10:30', 60, [47], 'Completed', [[311, 1]], 'Replace tap washers, bathroom and kitchen', { extras: [['product', 506, 2]], method: 'Cheque' }],
  [1010, '2025-02-11T09:00', 300, [43], 'Completed', [[303, 1, 10]], 'Deep clean, fragrance-free products', { inv: 'voidReissue', desc: '<p>Fragrance-free kit only.</p><ul><li>Oven</li><li>Range hood</li></ul>' }],
  [1022, '2025-02-13T09:00', 120, [43], 'Completed', [[305, 3]], 'Steam clean three bedrooms', { property: 2008, inv: 'twoPay' }],
  [1018, '2025-02-18T14:00', 60, [45], 'Cancelled', [[312, 1]], 'Assemble bookcase', { cancel: 'Found a friend with a drill' }],
  [1028, '2025-02-20', 0, [42], 'Completed', [[309, 4]], 'Garden tidy-up, back yard', { window: 'Morning', extras: [['product', 508, 5]] }],
  [1058, '2025-02-24T18:00', 150, [43, 41], 'Completed', [[306, 2.5]], 'Childcare rooms, evening clean', { inv: 'twoPay' }],
  [1014, '2025-02-27T07:30', 180, [41], 'Failed', [[301, 3]], 'House clean', { fail: 'No access: nobody home and lock box empty' }],
  [1018, '2025-03-04T08:00', 420, [43, 48], 'Completed', [[302, 1], [305, 2]], 'End-of-lease clean, 2 bed, with carpets', { inv: 'deposit' }],
  [1002, '2025-03-06T13:30', 120, [45], 'Completed', [[311, 2]], 'Mount TV and patch old holes', { extras: [['product', 501, 8], ['product', 502, 8], ['mileage', 'Mileage, 12.5 km', 12.5, 88]] }],
  [1016, '2025-03-11T09:30', 120, [44], 'Completed', [[307, 1], [309, 1]], 'Mow and front garden tidy', { inv: 'rejected' }],
  [1057, '2025-03-13T19:00', 120, [48], 'Completed', [[306, 2]], 'Clinic clean after hours', {}],
  [1017, '2025-03-18T08:00', 120, [44], 'Completed', [[310, 1]], 'Gutter clean, single storey', { inv: 'unpaid', key: 'oldDebt' }],
  [1055, '2025-03-20T08:30', 330, [43], 'Completed', [[302, 1, 5]], 'End-of-lease clean, 2 bed, agent rate', { property: 2007 }],
  [1020, '2025-03-25T16:00', 90, [45], 'Cancelled', [[311, 1]], 'Fix sticking window', { cancel: 'Landlord sent his own tradesman' }],
  [1005, '2025-03-27T09:00', 240, [41], 'Completed', [[301, 4]], 'House clean before family visit', {}],
  [1011, '2025-04-01T10:00', 120, [42, 46], 'Completed', [[308, 3]], 'Hedge trim, both sides', { extras: [['product', 507, 6]], inv: 'voidReissue' }],
  [1025, '2025-04-06T01:30+11:00', 120, [42], 'Completed', [[311, 2]], 'Emergency: water through the ceiling', { key: 'overlap', extras: [['extra', 'Night call-out', 1, 12100]], desc: 'The clocks went back during this job: two hours of work, one hour on the clock.' }],
  [1007, '2025-04-08T11:00', 180, [43], 'Completed', [[301, 3]], 'تنظيف الشقة / apartment clean', {}],
  [1021, '2025-04-10T08:00', 480, [42, 44], 'Completed', [[309, 16], [307, 1]], 'Two-day garden makeover', { inv: 'perAppt', key: 'split', appts: [['2025-04-10T08:00', 480, [42, 44]], ['2025-04-12T08:00', 480, [42, 46]]], apptLines: [[0], [1]] }],
  [1029, '2025-04-15T09:00', 60, [45], 'Completed', [[312, 3, 15]], 'Assemble two chairs and a cot', {}],
  [1060, '2025-04-17', 0, [44, 46], 'Completed', [[309, 6]], 'Yard clean-up before Easter', { allDay: true, window: 'All day', inv: 'twoPay' }],
  [1033, '2025-04-23T09:00', 180, [41], 'Completed', [[301, 3]], 'First house clean', { inv: 'unapproved' }],
  [1032, '2025-04-29T10:00', 60, [45], 'Completed', [[311, 1]], 'Change smoke alarm batteries', { extras: [['product', 509, 4]], method: 'Cash' }],
  [1008, '2025-05-02T08:30', 300, [43], 'Completed', [[303, 1]], 'Deep clean before inspection', { inv: 'twoPay' }],
  [1030, '2025-05-06T09:00', 120, [48], 'Cancelled', [[301, 2]], 'House clean', { cancel: 'Double booking on our side, customer moved on', key: 'cancelDeposit' }],
  [1023, '2025-05-08T08:00', 120, [42], 'Completed', [[310, 1]], 'Gutters and downpipes', { inv: 'twoPay' }],
  [1035, '2025-05-13T15:00', 60, [45], 'Failed', [[311, 1]], 'Repair balcony lock', { fail: 'Part not available, customer did not want to wait' }],
  [1024, '2025-05-15T09:00', 180, [43], 'Completed', [[301, 3]], 'House clean, move-in', { inv: 'cardFailed' }],
  [1051, '2025-05-20T07:00', 180, [41, 43], 'Completed', [[306, 3]], 'Stairwells, Mizzen Court', { property: 2004, appts: [['2025-05-20T07:00', 90, [41]], ['2025-05-22T07:00', 60, [41]], ['2025-05-23T07:00', 30, [43]]], inv: 'twoPay' }],
  [1036, '2025-05-27T09:00', 90, [44], 'Completed', [[304, 11]], 'Windows, salt spray', {}],
  [1015, '2025-06-03T17:30', 120, [45], 'Completed', [[312, 4, 10]], 'Assemble wardrobe set', { method: 'Gift Card' }],
  [1034, '2025-06-05T08:00', 180, [42], 'Completed', [[308, 2], [309, 1]], 'Hedge and beds', { inv: 'twoPay' }],
  [1027, '2025-06-10T09:00', 180, [43], 'Completed', [[301, 3]], 'House clean', { inv: 'unpaid', key: 'disputed' }],
  [1054, '2025-06-12T08:00', 360, [43, 41], 'Completed', [[302, 1]], 'End-of-lease clean, 2 bed', { property: 2006 }],
  [1014, '2025-06-17T07:30', 180, [41], 'Completed', [[301, 3]], 'House clean, second try', {}],
  [1001, '2025-06-24T09:00', 180, [41], 'Completed', [[301, 3], [304, 6]], 'House clean and front windows', {}],
  [1022, '2025-07-01T10:00', 60, [45], 'Cancelled', [[311, 1]], 'Adjust cupboard doors', { cancel: 'Customer fixed it herself' }],
  [1009, '2025-07-03T08:00', 120, [44], 'Completed', [[309, 2]], 'Winter prune', { extras: [['product', 507, 4]] }],
  [1058, '2025-07-14T18:00', 300, [41, 43], 'Completed', [[303, 1], [305, 4]], 'Holiday deep clean with carpets', { inv: 'deposit' }],
  [1019, '2025-07-17T10:00', 90, [45], 'Completed', [[311, 1.5]], 'Re-hang back gate', { extras: [['product', 504, 2], ['product', 501, 12]] }],
  [1057, '2025-07-22T19:00', 120, [43], 'Cancelled', [[306, 2]], 'Clinic clean after hours', { cancel: 'Clinic closed, staff sick' }],
  [1006, '2025-07-29T08:30', 60, [44], 'Completed', [[307, 1]], 'Lawn mow', { method: 'Cash' }],
  [1055, '2025-08-05T08:30', 330, [43], 'Completed', [[302, 1, 5]], 'End-of-lease clean, 2 bed, agent rate', { property: 2007, inv: 'voidReissue' }],
  [1004, '2025-08-12T09:00', 240, [41], 'Completed', [[303, 1]], 'Spring deep clean', {}],
  [1025, '2025-08-19T09:00', 120, [45], 'Completed', [[311, 2]], 'Plaster repair after the leak', { inv: 'part' }],
  [1031, '2025-08-26T08:00', 120, [42], 'Awaiting Update', [[310, 1]], 'Gutter clean', { inv: 'draft' }],
  [1013, '2025-09-04T12:00', 60, [45], 'Cancelled', [[312, 1]], 'Assemble shoe cabinet', { cancel: 'Sent the cabinet back' }],
  [1053, '2025-10-04T23:30', 240, [43, 41], 'Completed', [[303, 1]], 'Kitchen deep clean overnight', { key: 'gap', extras: [['product', 503, 2]], desc: 'The clocks went forward at 2:00; four hours of work end at 4:30.' }],
  [1002, '2025-10-09T13:30', 60, [45], 'Awaiting Update', [[311, 1]], 'Fix balcony light', {}],
  [1028, '2025-10-14T08:00', 240, [42, 46], 'Completed', [[309, 4]], 'Spring garden tidy', { extras: [['product', 508, 8], ['extra', 'Tip fee', 1, 4510]], inv: 'part' }],
  [1030, '2025-10-21T09:00', 180, [41], 'Completed', [[301, 3, 20]], 'House clean, make-good discount', { inv: 'unpaid' }],
  [1005, '2025-10-28T09:00', 240, [41], 'Failed', [[301, 4]], 'House clean', { fail: 'Power cut in the whole street' }],
  [1033, '2025-11-04T09:00', 180, [43], 'Awaiting Update', [[301, 3]], 'House clean', { inv: 'draft' }],
  [1017, '2025-11-06T08:00', 120, [44], 'Rain Delay', [[307, 1], [308, 1]], 'Mow and hedge', { key: 'parked', created: '2025-10-30T10:20' }],
  [1034, '2025-11-11T08:00', 90, [44], 'Completed', [[304, 10]], 'Windows, ten panes', { inv: 'unpaid' }],
  [1056, '2025-11-20T08:00', 360, [], 'Quoted', [[302, 1]], 'End-of-lease clean, 2 bed (to be confirmed)', { address: { unit: '2', number: '18', street: 'Bowline Street', suburb: 'Newtown' } }],
  [1036, '2025-11-14T10:00', 120, [45], 'Declined', [[311, 2]], 'Fit new blinds', { responses: ['Declined'] }],
  [1010, '2025-11-17T15:00', 300, [43], 'In Progress', [[303, 1]], 'Deep clean', { inv: 'draft' }],
  [1001, '2025-11-19T09:00', 180, [41], 'Keys Collected', [[301, 3], [303, 1]], 'House clean plus deep clean of the kitchen', { inv: 'depositOpen', deposit: 10000 }],
  [1022, '2025-11-20', 0, [43], 'To Visit', [[305, 5]], 'Look at stained rugs before quoting', { window: 'No specified time' }],
  [1059, '2025-11-25T07:00', 180, [], 'Pending', [[306, 3]], 'Studio clean, weekly from December', {}],
  [1011, '2025-11-27T10:00', 180, [42, 46], 'To Do', [[308, 3]], 'Hedge trim before the party', { responses: ['Accepted', 'Pending'] }],
  [1054, '2025-12-02T08:00', 360, [43, 41], 'To Do', [[302, 1]], 'End-of-lease clean, 2 bed', { property: 2005, inv: 'depositOpen', deposit: 10000 }],
  [1020, '2025-12-04T16:00', 60, [45], 'Confirmed', [[311, 1]], 'Hang mirror', { key: 'orphan', created: '2025-11-11T12:31' }],
];

// biome-ignore format: a table is read by row
export const statuses = [
  [1, 'To Do', '#8e8e93', true, false, true], [2, 'To Visit', '#5ac8fa', true, false, true],
  [3, 'Quoted', '#af52de', true, false, true], [4, 'Pending', '#ffcc00', true, false, true],
  [5, 'Confirmed', '#007aff', true, true, true], [6, 'In Progress', '#ff9500', true, true, true],
  [7, 'Awaiting Update', '#ff3b30', true, true, true], [8, 'Completed', '#34c759', true, true, false],
  [9, 'Failed', '#a2845e', true, false, false], [10, 'Cancelled', '#636366', true, false, false],
  [11, 'Declined', '#d70015', true, false, true], [21, 'Keys Collected', '#30b0c7', false, true, true],
  [22, 'Rain Delay', '#4f6d7a', false, false, true],
];
// biome-ignore format: a table is read by row
export const labels = [
  [61, 'VIP', '#d4af37', ['customer', 'booking']], [62, 'Senior', '#8ecae6', ['customer']], [63, 'Garden', '#2a9d8f', ['customer', 'booking']],
  [64, 'Commercial', '#264653', ['customer', 'invoice']], [65, 'Agent', '#e76f51', ['customer']], [66, 'Bond clean', '#6d597a', ['booking', 'quote']],
  [67, 'After hours', '#1d3557', ['booking']], [68, 'Website lead', '#457b9d', ['inquiry', 'quote']], [69, 'Dispute', '#e63946', ['invoice']], [70, 'Ladder ticket', '#bc6c25', ['fieldworker']],
];

// Field id, label, applies to, type as OctopusPro names it, group, options, more
// biome-ignore format: a table is read by row
export const customFields = [
  [701, 'Gate code', 'booking', 'Text box', 'Access', []],
  [702, 'Access notes', 'booking', 'Textarea', 'Access', []],
  [703, 'Bedrooms', 'booking', 'Number', 'Property', []],
  [704, 'Floor area m²', 'booking', 'Decimal', 'Property', []],
  [705, 'Fridge temperature on arrival', 'booking', 'Temperature', 'Commercial', []],
  [706, 'Price per bedroom', 'booking', 'Formula', 'Property', []],
  [707, 'Extra bathrooms', 'booking', '(+/-) button', 'Property', []],
  [708, 'Pets on site', 'booking', 'Toggle', 'Property', []],
  [709, 'Oven included', 'booking', 'Checkbox', 'Property', []],
  [710, 'Property size', 'booking', 'Dropdown', 'Property', [['Small home', '', ''], ['Medium home', '25.00', '15'], ['Large home', '50.00', '30']]],
  [711, 'Parking', 'booking', 'Radio button', 'Access', [['Driveway', '', ''], ['Street', '', ''], ['Visitor bay', '', '']]],
  [712, 'Product preference', 'booking', 'Button Group', 'Property', [['Standard', '', ''], ['Eco', '5.50', ''], ['Fragrance-free', '5.50', '']]],
  [713, 'Rooms to skip', 'booking', 'List', 'Property', [['Study', '', ''], ['Nursery, upstairs', '', ''], ['Garage', '', '']]],
  [714, 'Inspection date', 'booking', 'Date picker', 'Bond', []],
  [715, 'Key pick-up time', 'booking', 'Time picker', 'Bond', []],
  [716, 'Customer sign-off', 'booking', 'Signature', 'Sign-off', []],
  [717, 'Reference photo', 'booking', 'Image', 'Sign-off', []],
  [718, 'Key pick-up address', 'booking', 'Address', 'Bond', []],
  [719, 'Site contact e-mail', 'booking', 'Email', 'Commercial', []],
  [720, 'Site contact phone', 'booking', 'Phone', 'Commercial', []],
  [721, 'Listing link', 'booking', 'URL', 'Bond', []],
  [731, 'Preferred contact', 'customer', 'Radio group', 'Preferences', [['E-mail', '', ''], ['SMS', '', ''], ['Phone call', '', '']]],
  [732, 'Preferred days', 'customer', 'Multiple-Select List', 'Preferences', [['Monday', '', ''], ['Tuesday', '', ''], ['Wednesday', '', ''], ['Thursday', '', ''], ['Friday', '', '']]],
  [733, 'Birthday', 'customer', 'Date picker', 'Preferences', []],
  [734, 'Loyalty member', 'customer', 'Toggle', 'Preferences', []],
  [735, 'Visits per year', 'customer', 'Integer', 'Preferences', []],
  [736, 'Referred by', 'customer', 'Textfield', 'Preferences', []],
  [737, 'Service agreement', 'customer', 'Signature', 'Documents', []],
  [738, 'House plan', 'customer', 'File upload', 'Documents', []],
  [739, 'Household notes', 'customer', 'Textarea', 'Preferences', []],
  [740, 'Interested in', 'customer', 'Checkbox', 'Preferences', [['Cleaning', '', ''], ['Gardening', '', ''], ['Handyman', '', '']]],
  [741, 'Accounts e-mail', 'customer', 'Email', 'Documents', []],
  [751, 'Care notes', 'property', 'Textfield', 'Property', []],
  [761, 'Police check expiry', 'fieldworker', 'Date picker', 'Compliance', []],
];

// inquiry: id, customer, status, source, created, services, notes, quote index, booking key
// biome-ignore format: a table is read by row
export const inquiries = [
  [601, 1054, 'Converted', 'Phone', '2025-01-06T10:12', [302], 'Bond clean at Cooper Lane, tenants out on the 18th.', 401, 'bond1'],
  [602, 1021, 'Converted', 'Website', '2025-03-19T20:41', [309, 307], 'The whole yard. It has been "resting" for two years.', 402, 'split'],
  [603, 1037, 'Closed', 'Website', '2025-06-18T09:05', [310], 'Two-storey gutters, do you do those?', 403, ''],
  [604, 1038, 'Follow Up', 'Referral', '2025-07-29T18:22', [301], 'Fortnightly clean, three bedrooms, Chatswood.', 404, ''],
  [605, 1039, 'Contacted', 'Google', '2025-08-21T07:58', [311], 'Three doors that stick 🚪', '', ''],
  [606, 1040, 'Closed', 'Google', '2025-09-09T12:30', [308], 'Hedge four metres high.', 405, ''],
  [607, 1041, 'Follow Up', 'Website', '2025-10-02T22:55', [303], 'Deep clean after renovation, dust everywhere.', 406, ''],
  [608, 1042, 'New', 'Website', '2025-11-16T23:40', [307], 'Lawn, every three weeks?', '', ''],
  [609, 1043, 'New', 'Facebook', '2025-11-17T08:15', [304], 'Bonjour! Windows, 20 panes — before Christmas please.', '', ''],
  [610, 1059, 'Contacted', 'Referral', '2025-11-03T15:10', [306], 'Studio floor, 300 m².', 407, ''],
];
// quote: id, customer, status, date, expiry, lines, title, more
// biome-ignore format: a table is read by row
export const quotes = [
  [401, 1054, 'Accepted', '2025-01-07', '2025-02-06', [[302, 1]], 'End-of-lease clean, 2 bed', { booking: 'bond1', inquiry: 601 }],
  [402, 1021, 'Accepted', '2025-03-21', '2025-04-20', [[309, 16], [307, 1]], 'Two-day garden makeover', { booking: 'split', inquiry: 602, signed: 'Viktor Halász' }],
  [403, 1037, 'Declined', '2025-06-20', '2025-07-20', [[310, 1], [311, 1]], 'Gutters with ladder work', { inquiry: 603, reason: 'Too expensive; neighbour knows a roofer' }],
  [404, 1038, 'Sent', '2025-11-05', '2025-12-05', [[301, 3, 10]], 'Fortnightly house clean', { inquiry: 604 }],
  [405, 1040, 'Expired', '2025-09-10', '2025-10-10', [[308, 6]], 'Tall hedge, two people', { inquiry: 606 }],
  [406, 1041, 'Sent', '2025-11-12', '2025-12-12', [[303, 1], [304, 8]], 'After-renovation deep clean', { inquiry: 607 }],
  [407, 1059, 'Sent', '2025-11-06', '2025-12-06', [[306, 3]], 'Weekly studio clean, price per visit', { inquiry: 610 }],
  [408, 1047, 'Expired', '2025-02-03', '2025-03-05', [[311, 3]], 'Small repairs list', {}],
  [409, 1045, 'Declined', '2025-04-14', '2025-05-14', [[305, 3]], 'Carpets, three rooms', { reason: 'Went with "the other guys"' }],
  [410, 1052, 'Draft', '2025-11-17', '2025-12-17', [[306, 4, 5]], 'Car park sweep, quarterly', {}],
];

// biome-ignore format: a table is read by row
export const forms = [
  [81, 'Pre-start checklist', ['fieldworker'], 'Check-In', [], ['Confirmed'], true],
  [82, 'Completion checklist', ['fieldworker', 'office'], 'Check-Out', [], ['In Progress', 'Completed'], true],
  [83, 'End-of-lease room check', ['fieldworker'], 'In Progress', [302], ['In Progress'], true],
  [84, 'Gutter safety', ['fieldworker'], 'Check-In', [310], ['Confirmed'], true],
  [85, 'Next Service Date Reminder', ['customer'], 'Customer Satisfaction', [], ['Completed'], false],
];
// biome-ignore format: a table is read by row
export const formFields = [
  [81, 811, 'Alarm code known?', 'Toggle', true, [], ''],
  [81, 812, 'Hazards seen', 'Textarea', false, [], ''],
  [81, 813, 'Vehicle parked at', 'Radio button', false, ['Driveway', 'Street', 'Visitor bay'], ''],
  [82, 821, 'All rooms done', 'Toggle', true, [], ''],
  [82, 822, 'Rooms skipped', 'List', false, ['Study', 'Nursery, upstairs', 'Garage'], ''],
  [82, 823, 'Bags of waste', '(+/-) button', false, [], ''],
  [82, 824, 'After photo', 'Image', false, [], 'allowed'],
  [82, 825, 'Customer signature', 'Signature', false, [], ''],
  [83, 831, 'Oven', 'Dropdown', true, ['Clean', 'Stained', 'Not present'], ''],
  [83, 832, 'Carpet stains', 'Number', false, [], ''],
  [83, 833, 'Walls marked where', 'Text box', false, [], ''],
  [84, 841, 'Ladder tied off', 'Toggle', true, [], ''],
  [84, 842, 'Roof temperature', 'Temperature', false, [], ''],
  [84, 843, 'Before photo', 'Image', true, [], 'mandatory'],
  [85, 851, 'Next service wanted on', 'Date picker', false, [], ''],
  [85, 852, 'How did we do?', 'Button Group', false, ['Great', 'Fine', 'Not good'], ''],
];

// Notes: object, customer id or booking key or "first booking of customer", author, visibility, body
// biome-ignore format: a table is read by row
export const customerNotes = [
  [1001, 11, 'office', 'Gave her a 10 % thank-you for the referral of Tamsin Orr.'],
  [1003, 12, 'office', 'Sir Tom (the cat) escaped in August.\nFound on the roof.\n\nAsk the crew to close the "blue" door.'],
  [1004, 13, 'office', 'Prefers «Zoë», not "Zoe". Surname with hyphen.'],
  [1005, 13, 'office', 'Paolo rang, his mobile is the one under mobile2.'],
  [1007, 12, 'office', 'השאירה הודעה / تركت رسالة: call back after 18:00.'],
  [1009, 11, 'office', '=HYPERLINK("https://prize.example/win","Click for your prize")'],
  [1010, 11, 'office', '<p>Reaction to citrus &ndash; see <a href="https://harbourhome.example/sds">data sheets</a>.</p><script>alert("not today")</script><img src="https://pixel.example/o.gif" width="1" height="1">'],
  [1011, 12, 'office', '+61 2 5550 0188 is his sister, use it only in an emergency'],
  [1012, 13, 'office', '-5 minutes is all he needs to open the gate, do not ring twice'],
  [1019, 12, 'office', '@Felix please check whether the second address is his office'],
  [1022, 13, 'office', 'Three people live here: Beatrice, Kenji, and their daughter Yumi (student).'],
  [1026, 11, 'office', 'Pays by cheque. Post takes a week.'],
  [1053, 12, 'office', 'Espresso on the house after night jobs ☕😀👩🏽‍🍳'],
  [1054, 13, 'office', 'Agent rate from the second bond clean in a month: 5 %.'],
  [1058, 11, 'office', 'WWCC numbers sent on 12/02/2025, they keep the list.'],
];
// biome-ignore format: a table is read by row
export const keyedNotes = [
  ['cents', 47, 'fieldworker', 'Used 1 screw ($0.10) and 1 plug ($0.20); that is 30 cents, not 30.000000000000004.'],
  ['overlap', 42, 'fieldworker', 'Arrived 1:35, left 2:28 – but the second 2:28, after the clocks changed.'],
  ['gap', 43, 'fieldworker', 'Phone jumped from 1:59 to 3:00, timesheet is right.'],
  ['newyear', 41, 'fieldworker', 'Confetti in the range hood 🎉'],
  ['disputed', 11, 'office', 'Stan says he was quoted less than the invoice shows. Looking into it.'],
  ['overpaid', 12, 'office', 'Customer typed 265.10 instead of 240.10 into his bank; 25.00 went back.'],
  ['cancelDeposit', 12, 'office', 'Deposit returned in full, our mistake.'],
  ['split', 13, 'office', 'One deposit for both days, split over the two invoices.'],
];
// One of these goes with every second completed booking, in turn.
// biome-ignore format: a table is read by row
export const crewRemarks = [
  'All done, keys back in the lock box.', 'Customer was home and happy.', 'Bin lid is cracked, told the customer.',
  'Finished early, did the laundry windows as well.', 'Next time bring the long hose.', 'Parking was a nightmare; 15 min late.',
  'Left two bags of green waste at the side, pick up tomorrow.', 'Shower screen needs a specialist, <b>not</b> us.', 'Neighbour asked for a card 🙂',
];
// biome-ignore format: a table is read by row
export const inboundMessages = [
  [1001, 'sms', '2025-06-23T19:02', 'Hi, Biscuit is at my mum’s tomorrow so no dog hair this time 😄'],
  [1002, 'email', '2025-03-05T08:44', 'The TV is 65". Will one person be enough?'],
  [1005, 'call', '2025-10-28T09:20', ''],
  [1009, 'sms', '2025-01-15T17:31', 'Gate is open from 7'],
  [1017, 'email', '2025-05-02T21:17', 'I will pay next month, the hospital bills come first. Sorry.'],
  [1021, 'email', '2025-03-22T10:05', 'Accepted and signed. Please bring the chipper.'],
  [1027, 'call', '2025-06-25T11:48', ''],
  [1027, 'email', '2025-06-26T07:12', 'Your invoice is nine dollars over what Felix told me.\n\nPlease fix it.\nStan'],
  [1048, 'email', '2025-10-03T15:25', 'We are closed for the long weekend and the Tuesday after, please skip it.'],
  [1053, 'sms', '2025-10-05T04:41', 'merci, tout est parfait ✨'],
  [1054, 'call', '2025-01-06T10:02', ''],
  [1058, 'email', '2025-07-15T08:10', 'The carpets look new. Thank you!'],
];
// biome-ignore format: a table is read by row
export const complaints = [
  ['disputed', 'invoice', 'Billing', 'In Progress', '2025-06-26T09:00', '', true, 'Invoice is higher than the price given on the phone.'],
  ['cancelDeposit', 'booking', 'Scheduling', 'Closed', '2025-05-05T16:10', '2025-05-07T10:00', false, 'We had two jobs in the same slot.'],
  ['oldDebt', 'invoice', 'Billing', 'New', '2025-09-01T09:30', '', false, 'Third reminder, no answer.'],
  ['overpaid', 'booking', 'Quality', 'Closed', '2025-02-04T12:00', '2025-02-06T15:30', false, 'One downpipe was still blocked; came back and flushed it.'],
];
// biome-ignore format: a table is read by row
export const automations = [
  ['Booking confirmation', 'customer', true, 'event', 'Booking status becomes Confirmed', '', 'Send message', ['email', 'sms'], 'customer', '', '', ['Booking confirmed'], 31],
  ['Booking reminder', 'customer', true, 'schedule', 'Before appointment', 'Status is Confirmed or To Do', 'Send message', ['sms'], 'customer', 'hourly', '24 hours before', ['Visit tomorrow'], 27],
  ['Overdue Invoice Reminder', 'administrative', true, 'schedule', 'Invoice overdue', 'Balance > 0', 'Send message', ['email'], 'customer', 'daily', '3, 10 and 21 days after due', ['Friendly reminder'], 14],
  ['Deposit Payment Reminder for Upcoming Bookings', 'administrative', true, 'schedule', 'Deposit unpaid', 'Starts within 5 days', 'Send message', ['email'], 'customer', 'daily', '5 days before', ['Deposit please'], 2],
  ['Quote follow-up', 'customer', true, 'schedule', 'Quote sent, no answer', 'Status is Sent', 'Send message', ['email'], 'customer', 'daily', '4 days after', ['Still interested?'], 5],
  ['Inquiry acknowledgement', 'customer', true, 'event', 'Inquiry received', '', 'Send message; assign owner', ['email'], 'customer', '', '', ['Thanks for asking'], 9],
  ['Service Reminder Automation', 'customer', false, 'schedule', 'Next service due', 'Service is Gutter clean', 'Send message', ['email'], 'customer', 'weekly', '11 months after', ['Gutters again?'], 0],
  ['Feedback request', 'customer', true, 'event', 'Booking status becomes Completed', 'Label is not Dispute', 'Send message', ['email'], 'customer', '', '2 hours after', ['How did we do?'], 22],
  ['Fieldworker update prompt', 'fieldworker', true, 'schedule', 'Start time passed', 'Status is Confirmed', 'Set status Awaiting Update; notify', ['push'], 'fieldworker', 'hourly', '1 hour after end', ['Please update the job'], 8],
  ['Fieldworker document expiry', 'fieldworker', true, 'schedule', 'Document expires', '', 'Notify', ['email'], 'office', 'daily', '30 days before', ['Document expires'], 1],
  ['Billing Cycle Invoice Locking', 'administrative', false, 'schedule', 'Month end', 'Billing cycle is monthly', 'Lock invoices', [], 'office', 'monthly', '', [], 0],
  ['Twilio Old Call Recording Cleanup', 'administrative', true, 'schedule', 'Recording older than 90 days', '', 'Delete recording', [], 'office', 'daily', '', [], 3],
];
// biome-ignore format: a table is read by row
export const faqs = [
  ['Do I have to be home?', '<p>No. Most customers leave a key in a lock box. We note the code in your booking.</p>', []],
  ['Which products do you use?', '<p>Standard, <em>eco</em> or fragrance-free – pick one when you book.</p>', [301, 303]],
  ['Will I get my bond back?', '<p>We clean to the agent checklist and return within 72 hours if something was missed.</p>', [302]],
  ['Do you clean ovens?', '<p>Yes, with the end-of-lease and the deep clean.</p>', [302, 303]],
  ['How long until carpets are dry?', '<p>Four to six hours; keep a window open.</p>', [305]],
  ['What about two-storey windows?', '<p>From the inside only.</p>', [304]],
  ['Do you take the clippings?', '<p>Yes. Other green waste is charged by the bag.</p>', [307, 308]],
  ['What if it rains?', '<p>We set the booking to <b>Rain Delay</b> and ring you for a new day.</p>', [307, 308, 309]],
  ['Is gutter cleaning safe on a tiled roof?', '<p>We work from ladders, tied off, and do not walk on tiles.</p>', [310]],
  ['Can I send a list of small jobs?', '<p>Please do! The first hour includes the call-out.</p>', [311]],
  ['Do you bring tools for flat-pack?', '<p>Always. Tell us the model so that we plan the time.</p>', [312]],
  ['When do I pay?', '<p>Within 7 days of the invoice; businesses as agreed.</p>', []],
];
// biome-ignore format: a table is read by row
export const templates = [
  ['Booking confirmed', 'email', 'customer', true, 'Booked: {booking_num}', '<p>Hello {customer_first_name},</p><p>see you on {appointment_date}.</p><p>{company_name}</p>'],
  ['Visit tomorrow', 'sms', 'customer', true, '', 'Hi {customer_first_name}, {fieldworker_name} comes tomorrow at {appointment_time}. {company_name}'],
  ['Friendly reminder', 'email', 'customer', true, 'Invoice {invoice_num} is due', '<p>Dear {customer_first_name}, {invoice_balance} is still open.</p>'],
  ['Deposit please', 'email', 'customer', true, 'Deposit for {booking_num}', '<p>We hold your place when the deposit is in.</p>'],
  ['Still interested?', 'email', 'customer', true, 'Your quote {quote_num}', '<p>Any questions about the quote? Just answer this mail.</p>'],
  ['Thanks for asking', 'email', 'customer', true, 'We got your message', '<p>We ring back within one working day.</p>'],
  ['Gutters again?', 'email', 'customer', true, 'It has been a year', '<p>Leaves have been falling. Shall we come by?</p>'],
  ['How did we do?', 'email', 'customer', true, 'How did we do?', '<p>One click is enough: <a href="{feedback_link}">rate us</a>.</p>'],
  ['Please update the job', 'push', 'fieldworker', true, '', 'Please update {booking_num}'],
  ['Document expires', 'email', 'fieldworker', true, 'Document expires soon', '<p>{document_name} expires on {document_expiry}.</p>'],
  ['Running late', 'sms', 'customer', false, '', 'Sorry, running about 15 minutes late! {fieldworker_name}'],
];
// biome-ignore format: a table is read by row
export const portalSettings = [
  ['Identity', 'enabled', 'true', ''], ['Identity', 'portal_url', 'https://book.harbourhome.example', 'own domain'],
  ['Identity', 'logo', 'harbour-logo.png', ''], ['Identity', 'colours', '["#0b3954","#bfd7ea"]', ''],
  ['Legal', 'terms', 'https://harbourhome.example/terms', ''], ['Legal', 'privacy', 'https://harbourhome.example/privacy', ''],
  ['Tracking', 'ga4', 'G-EXAMPLE000', 'analytics id, not a secret'], ['Website', 'service_search', 'true', ''],
  ['Website', 'reviews', 'true', ''], ['Website', 'click_to_call', '02 5550 0300', ''],
  ['Booking', 'mode', 'request', 'not instant'], ['Booking', 'lead_time_hours', '24', ''],
  ['Booking', 'customer_can_reschedule', 'true', ''], ['Booking', 'customer_can_cancel', 'true', 'up to 24 hours before'],
  ['Booking', 'recurring', 'first then each', 'when invoices are made'], ['Fieldworker', 'public_profiles', 'false', ''],
  ['Fieldworker', 'service_area_validation', 'true', ''], ['Payment', 'methods', '["Credit card","Bank Transfer"]', ''],
  ['Payment', 'deposit', 'end-of-lease only', ''], ['Lead form', 'fields', '["name","email","phone","service","message"]', ''],
];
// biome-ignore format: a table is read by row
export const areas = [
  ['Northern Beaches', 'A', [[151.24, -33.74], [151.31, -33.74], [151.31, -33.81], [151.24, -33.81], [151.24, -33.74]]],
  ['Lower North Shore', 'B', [[151.15, -33.79], [151.25, -33.79], [151.25, -33.85], [151.15, -33.85], [151.15, -33.79]]],
  ['Inner West and City', 'B', [[151.14, -33.85], [151.25, -33.85], [151.25, -33.92], [151.14, -33.92], [151.14, -33.85]]],
];
