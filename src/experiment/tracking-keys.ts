/**
 * Keys that networks, newsletters and advertisements hang on every link that is shared: they say where a reader came from, nothing
 * of an experiment. By pattern, as ClearURLs and the browsers' own strippers list them; no setting may have such a name.
 */
const patterns = [
  // Campaigns: Google's scheme, Matomo's and Piwik's, HubSpot's, Webtrekk's, Adobe's, Oracle's.
  /^utm_/,
  /^(pk|mtm|matomo|piwik)_/,
  /^(hsa_|_hs|__hs|hsctatracking$)/,
  /^wt[._]/,
  /^(s_cid|cmpid|campaign_?id|at_(medium|campaign|custom\d|link_id)|elqtrack.*|trk.*|sc_.*)$/,
  // Clicks: Google, Microsoft, Meta, X, TikTok, LinkedIn, Yandex, Pinterest, Snapchat, Reddit, Impact, Adjust.
  /^(gclid|gclsrc|gbraid|wbraid|dclid|gad_source|gad_campaignid|gs_l|_ga|_gl|srsltid)$/,
  /^(msclkid|fbclid|fb_(action_ids|action_types|ref|source)|mibextid|igshid|igsh|twclid|ttclid|li_fat_id)$/,
  /^(yclid|ysclid|_openstat|epik|sccid|rdt_cid|irclickid|irgwc|adjust_.*|wickedid|rb_clickid)$/,
  // Mail: Mailchimp, Marketo, Vero, Omeda, ConvertKit, MailerLite, Drip.
  /^(mc_.*|mkt_tok|vero_(id|conv)|oly_(anon|enc)_id|ck_subscriber_id|ml_subscriber(_hash)?|__s)$/,
  // Where a reader came from.
  /^(ref|ref_src|ref_url|referrer|__twitter_impression|guce_referrer.*|share_id|si|spm|scm)$/,
];

/** Whether a key of a link is one that tracks its readers. */
export const isTrackingKey = (key: string): boolean => patterns.some((pattern) => pattern.test(key.toLowerCase()));
