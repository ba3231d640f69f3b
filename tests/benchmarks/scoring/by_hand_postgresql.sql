-- The rulebook of rulebook.json, written by hand for PostgreSQL as one statement over all leads:
-- compute, compare, log, write. {day} is the day, {version} the rulebook's number, {run} the run's;
-- {demo_request} and so on are keys of activity types.
--
-- One scan of the index over lead, type and day answers all rules but the one on assets; its order
-- makes both groupings free of sorting. Days of visits are counted as bits of a number.
WITH days AS (
    SELECT a.lead_id, a.type_id, a.day, count(*)::integer AS n
    FROM leads_activity a
    WHERE a.day > {day} - 365 {range_of_activities} AND (
        a.day > {day} - 90
        OR (a.type_id = {content_download} AND a.day > {day} - 150)
        OR (a.type_id IN ({email_bounce}, {webinar_attend}, {event_attend}) AND a.day > {day} - 180)
        OR a.type_id = {unsubscribe})
    GROUP BY a.lead_id, a.type_id, a.day
), did AS (
    SELECT d.lead_id,
        max(d.day) FILTER (WHERE d.type_id = {demo_request} AND d.day <= {day}) AS demo,
        max(d.day) FILTER (WHERE d.type_id IN ({contact_request}, {meeting_booked})
            AND d.day BETWEEN {day} - 59 AND {day}) AS contact,
        sum(1000 - 250 * (({day} - d.day) / 30)) FILTER (WHERE d.type_id = {pricing_view} AND d.day <= {day}) AS pricing,
        max(({day} - d.day) % 30) FILTER (WHERE d.type_id = {pricing_view} AND d.day <= {day}) AS pricing_step,
        count(*) FILTER (WHERE d.type_id = {pricing_view} AND d.day BETWEEN {day} - 29 AND {day}) AS repeat_days,
        min(d.day) FILTER (WHERE d.type_id = {pricing_view} AND d.day BETWEEN {day} - 29 AND {day}) AS repeat_first,
        max(d.day) FILTER (WHERE d.type_id = {trial_start} AND d.day BETWEEN {day} - 59 AND {day}) AS trial,
        sum(d.n) FILTER (WHERE d.type_id = {email_reply} AND d.day BETWEEN {day} - 59 AND {day}) AS replies,
        min(d.day) FILTER (WHERE d.type_id = {email_reply} AND d.day BETWEEN {day} - 59 AND {day}) AS reply_first,
        sum(least(d.n, 2) * (1000 - 200 * (({day} - d.day) / 30)))
            FILTER (WHERE d.type_id = {content_download} AND d.day <= {day}) AS content,
        max(({day} - d.day) % 30) FILTER (WHERE d.type_id = {content_download} AND d.day <= {day}) AS content_step,
        sum(d.n * (1000 - 250 * (({day} - d.day) / 45)))
            FILTER (WHERE d.type_id IN ({webinar_attend}, {event_attend}) AND d.day <= {day}) AS webinar,
        max(({day} - d.day) % 45)
            FILTER (WHERE d.type_id IN ({webinar_attend}, {event_attend}) AND d.day <= {day}) AS webinar_step,
        max(d.day) FILTER (WHERE d.type_id = {webinar_register} AND d.day <= {day}) AS signup,
        count(*) FILTER (WHERE d.type_id = {form_submit} AND d.day <= {day}) AS form_days,
        min(d.day) FILTER (WHERE d.type_id = {form_submit} AND d.day <= {day}) AS form_first,
        sum(CASE WHEN d.day > {day} - 30 THEN 1000 ELSE 500 END)
            FILTER (WHERE d.type_id = {email_click} AND d.day BETWEEN {day} - 59 AND {day}) AS clicks,
        max(({day} - d.day) % 30)
            FILTER (WHERE d.type_id = {email_click} AND d.day BETWEEN {day} - 59 AND {day}) AS click_step,
        sum(d.n) FILTER (WHERE d.type_id = {email_open} AND d.day BETWEEN {day} - 59 AND {day}) AS opens,
        min(d.day) FILTER (WHERE d.type_id = {email_open} AND d.day BETWEEN {day} - 59 AND {day}) AS open_first,
        bit_or(1 << ({day} - d.day))
            FILTER (WHERE d.type_id IN ({page_view}, {pricing_view}) AND d.day BETWEEN {day} - 29 AND {day}) AS visits,
        min(d.day)
            FILTER (WHERE d.type_id IN ({page_view}, {pricing_view}) AND d.day BETWEEN {day} - 29 AND {day}) AS visit_first,
        sum(d.n) FILTER (WHERE d.type_id = {page_view} AND d.day BETWEEN {day} - 13 AND {day}) AS burst,
        min(d.day) FILTER (WHERE d.type_id = {page_view} AND d.day BETWEEN {day} - 13 AND {day}) AS burst_first,
        max(d.day) FILTER (WHERE d.type_id = {unsubscribe} AND d.day <= {day}) AS unsubscribed,
        sum(d.n) FILTER (WHERE d.type_id = {email_bounce} AND d.day <= {day}) AS bounces,
        min(d.day) FILTER (WHERE d.type_id = {email_bounce} AND d.day <= {day}) AS bounce_first,
        max(d.day) FILTER (WHERE d.day BETWEEN {day} - 89 AND {day}) AS last_seen,
        min(d.day) FILTER (WHERE d.day > {day}) AS future
    FROM days d
    GROUP BY d.lead_id
), studied AS (
    SELECT a.lead_id, max(a.day) AS study
    FROM leads_activity a
    WHERE a.type_id = {content_download} AND a.day BETWEEN {day} - 119 AND {day} {range_of_activities}
        AND a.asset_id IN (SELECT s.id FROM leads_asset s WHERE strpos(s.name_folded, 'case-study') > 0)
    GROUP BY a.lead_id
), facts AS (
    SELECT l.id,
        CASE WHEN l.seniority IN ('c_level', 'vp', 'head') OR left(l.job_title_folded, 7) = 'founder'
            OR left(l.job_title_folded, 5) = 'owner' OR left(l.job_title_folded, 3) = 'vp '
            OR left(l.job_title_folded, 7) = 'head of' THEN 20 ELSE 0 END
        + CASE l.seniority WHEN 'director' THEN 15 WHEN 'manager' THEN 8 ELSE 0 END
        + CASE WHEN strpos(l.department_folded, 'marketing') > 0 OR strpos(l.department_folded, 'sales') > 0
            OR strpos(l.department_folded, 'operations') > 0 OR strpos(l.department_folded, 'revenue') > 0
            OR strpos(l.job_title_folded, 'marketing') > 0 OR strpos(l.job_title_folded, 'sales') > 0
            OR strpos(l.job_title_folded, 'operations') > 0 OR strpos(l.job_title_folded, 'demand') > 0
            THEN 10 ELSE 0 END
        - CASE WHEN l.email_domain_type = 'free' THEN 10 ELSE 0 END AS person,
        l.seniority = 'student' OR l.email_domain_type = 'academic' AS student,
        l.email_domain IN ('leadrival.example', 'scorehive.example') AS competitor,
        CASE WHEN l.employees BETWEEN 100 AND 1000 OR c.employees BETWEEN 100 AND 1000 THEN 20 ELSE 0 END
        + CASE WHEN l.employees > 1000 OR c.employees > 1000 THEN 12 ELSE 0 END
        + CASE WHEN strpos(l.industry_folded, 'software') > 0 OR strpos(l.industry_folded, 'financial') > 0
            OR strpos(l.industry_folded, 'e-commerce') > 0 OR strpos(c.industry_folded, 'software') > 0
            OR strpos(c.industry_folded, 'financial') > 0 OR strpos(c.industry_folded, 'e-commerce') > 0
            THEN 10 ELSE 0 END
        + CASE WHEN l.country IN ('DE', 'GB', 'FR', 'NL', 'SE', 'US') THEN 5 ELSE 0 END
        - CASE WHEN l.email_opt_out THEN 5 ELSE 0 END AS company,
        (l.seniority <> '')::integer + (l.job_title_folded <> '')::integer + (l.department_folded <> '')::integer
        + (l.email_domain_type <> '')::integer + (l.email_domain <> '')::integer
        + (l.employees IS NOT NULL)::integer + (c.employees IS NOT NULL)::integer
        + (l.industry_folded <> '')::integer + coalesce((c.industry_folded <> '')::integer, 0)
        + (l.country <> '')::integer + (l.email_opt_out IS NOT NULL)::integer AS known_facts,
        coalesce(w.last_seen, CASE WHEN l.created_day > {day} - 90 THEN (
            SELECT max(a.day) FROM leads_activity a WHERE a.lead_id = l.id AND a.day <= {day}) END, l.created_day) AS quiet_since,
        w.*, t.study
    FROM leads_lead l
    LEFT JOIN leads_company c ON c.id = l.company_id
    LEFT JOIN did w ON w.lead_id = l.id
    LEFT JOIN studied t ON t.lead_id = l.id
    WHERE true {range_of_leads}
    OFFSET 0
), points AS (
    SELECT x.id AS lead_id,
        greatest(least(
            greatest(least(x.person - CASE WHEN x.student THEN 20 ELSE 0 END, 25), -20)
            + greatest(least(x.company - CASE WHEN x.competitor THEN 20 ELSE 0 END, 35), -20), 60), -50) AS fit,
        greatest(least(
            least(
                CASE WHEN x.demo > {day} - 30 THEN 40 WHEN x.demo > {day} - 60 THEN 30 WHEN x.demo > {day} - 90 THEN 20 ELSE 0 END
                + CASE WHEN x.contact IS NULL THEN 0 ELSE 30 END
                + least((coalesce(x.pricing, 0) * 15 + 500) / 1000, 35)
                + CASE WHEN x.repeat_days >= 2 THEN 10 ELSE 0 END
                + CASE WHEN x.trial > {day} - 15 THEN 25 WHEN x.trial > {day} - 30 THEN 15
                    WHEN x.trial > {day} - 45 THEN 9 WHEN x.trial > {day} - 60 THEN 5 ELSE 0 END
                + CASE WHEN x.study IS NULL THEN 0 ELSE 10 END, 70)
            + least(
                least(coalesce(x.replies, 0) * 12, 24)
                + least((coalesce(x.content, 0) * 8 + 500) / 1000, 24)
                + least((coalesce(x.webinar, 0) * 12 + 500) / 1000, 24)
                + CASE WHEN x.signup IS NULL THEN 0 ELSE 4 END
                + least(coalesce(x.form_days, 0) * 6, 12)
                + least((coalesce(x.clicks, 0) * 3 + 500) / 1000, 12)
                + least(coalesce(x.opens, 0), 5)
                + CASE WHEN bit_count(x.visits::bit(32)) >= 3 THEN 8 ELSE 0 END
                + CASE WHEN x.burst >= 5 THEN 5 ELSE 0 END, 40)
            + greatest(
                CASE WHEN x.unsubscribed IS NULL THEN 0 ELSE -25 END
                - least(coalesce(x.bounces, 0) * 10, 20)
                - least(greatest(({day} - x.quiet_since) / 30, 0) * 10, 30), -60),
            100), 0) AS engagement,
        x.demo IS NOT NULL OR x.contact IS NOT NULL AS fast_track,
        x.student OR x.competitor AS disqualifies,
        x.known_facts,
        nullif(least(
            CASE WHEN x.demo IS NOT NULL THEN x.demo + (({day} - x.demo) / 30 + 1) * 30 END,
            x.contact + 60,
            {day} + 30 - x.pricing_step,
            CASE WHEN x.repeat_days >= 2 THEN x.repeat_first + 30 END,
            CASE WHEN x.trial IS NOT NULL THEN x.trial + (({day} - x.trial) / 15 + 1) * 15 END,
            x.study + 120,
            x.reply_first + 60,
            {day} + 30 - x.content_step,
            {day} + 45 - x.webinar_step,
            x.signup + 90,
            x.form_first + 90,
            {day} + 30 - x.click_step,
            x.open_first + 60,
            CASE WHEN bit_count(x.visits::bit(32)) >= 3 THEN x.visit_first + 30 END,
            CASE WHEN x.burst >= 5 THEN x.burst_first + 14 END,
            x.unsubscribed + 365,
            x.bounce_first + 180,
            CASE WHEN ({day} - x.quiet_since) / 30 < 3
                THEN x.quiet_since + (greatest(({day} - x.quiet_since) / 30, 0) + 1) * 30 END,
            x.future), NULL) AS valid_until
    FROM facts x
    OFFSET 0
), results AS (
    SELECT p.lead_id, p.fit, p.engagement, p.fit + p.engagement AS total,
        CASE WHEN p.fit >= 35 THEN 'A' WHEN p.fit >= 15 THEN 'B' ELSE 'C' END
        || CASE WHEN p.engagement >= 45 THEN '1' WHEN p.engagement >= 20 THEN '2' ELSE '3' END AS grade,
        NOT p.disqualifies AND ((p.fast_track AND p.fit >= 50)
            OR (p.fit + p.engagement >= 110 AND p.fit >= 15 AND p.engagement >= 20)) AS qualified,
        p.fast_track AND p.fit >= 50 AS fast_tracked,
        p.disqualifies AS disqualified, p.known_facts, 11 AS asked_facts, p.valid_until,
        NOT p.disqualifies AND ((p.fast_track AND p.fit >= 50)
            OR (p.fit + p.engagement >= 105 AND p.fit >= 10 AND p.engagement >= 15)) AS holds_line
    FROM points p
    OFFSET 0
), differences AS MATERIALIZED (
    SELECT r.*, CASE WHEN r.holds_line THEN NULL ELSE least(coalesce(s.below_since, {day}), {day}) END AS below_since,
        s.lead_id AS known, s.fit AS fit_before, s.engagement AS engagement_before, s.qualified AS qualified_before
    FROM results r
    LEFT JOIN leads_leadscore s ON s.lead_id = r.lead_id {range_of_scores}
    WHERE s.lead_id IS NULL OR s.fit <> r.fit OR s.engagement <> r.engagement OR s.grade <> r.grade
        OR s.qualified <> r.qualified OR s.fast_tracked <> r.fast_tracked OR s.disqualified <> r.disqualified
        OR s.known_facts <> r.known_facts OR s.asked_facts <> r.asked_facts
        OR s.valid_until IS DISTINCT FROM r.valid_until OR s.rulebook_version <> {version}
        OR s.below_since IS DISTINCT FROM
            CASE WHEN r.holds_line THEN NULL ELSE least(coalesce(s.below_since, {day}), {day}) END
), logged AS (
    INSERT INTO scoring_scorechange (lead_id, day, run_id, rulebook_version, fit_before, engagement_before,
        qualified_before, fit_after, engagement_after, qualified_after)
    SELECT lead_id, {day}, {run}, {version}, fit_before, engagement_before, qualified_before, fit, engagement, qualified
    FROM differences
    WHERE known IS NULL OR fit <> fit_before OR engagement <> engagement_before OR qualified <> qualified_before
), written AS (
    INSERT INTO leads_leadscore (lead_id, fit, engagement, total, grade, qualified, fast_tracked, disqualified,
        known_facts, asked_facts, valid_until, below_since, rulebook_version, day)
    SELECT lead_id, fit, engagement, total, grade, qualified, fast_tracked, disqualified, known_facts, asked_facts,
        valid_until, below_since, {version}, {day}
    FROM differences
    ON CONFLICT (lead_id) DO UPDATE SET fit = excluded.fit, engagement = excluded.engagement, total = excluded.total,
        grade = excluded.grade, qualified = excluded.qualified, fast_tracked = excluded.fast_tracked,
        disqualified = excluded.disqualified, known_facts = excluded.known_facts, asked_facts = excluded.asked_facts,
        valid_until = excluded.valid_until, below_since = excluded.below_since,
        rulebook_version = excluded.rulebook_version, day = excluded.day
    RETURNING 1
)
SELECT count(*) FROM written
