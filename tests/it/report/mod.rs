//! The report: what a reader gets, from findings that no simulation made.

mod arbitrary;
mod fixture;
mod look;

use look::{columns, file, files, plain_text, squeezed, svg_texts, well_formed};
use proptest::prelude::*;
use stakewright::report::findings::*;
use stakewright::report::terminal::{ColourChoice, render as screen, verdict};
use stakewright::report::{Findings, format, render};

/// Every fixture, by name.
fn all() -> Vec<(&'static str, Findings)> {
    vec![
        ("safe", fixture::safe()),
        ("unsafe", unsafe_design()),
        ("undecided", undecided()),
        ("infeasible", infeasible()),
        ("empty", empty()),
        ("one operator", one_operator()),
        ("no failures", no_failures()),
        ("huge", huge()),
        ("tiny", tiny()),
        ("names", names()),
    ]
}

fn unsafe_design() -> Findings {
    let mut findings = fixture::safe();
    findings.verdict = Verdict::Unsafe;
    findings.promise.measured = Some(MeasuredRisk {
        insecure_paths: 412,
        paths: 20_000,
        low: 0.0187,
        high: 0.0226,
        paths_to_decide: None,
        weighted: None,
    });
    let margin = findings.figures.margin.as_mut().unwrap();
    for quantile in &mut margin.quantiles {
        quantile.coverage.iter_mut().for_each(|ratio| *ratio *= 0.5);
    }
    findings
}

fn undecided() -> Findings {
    let mut findings = fixture::safe();
    findings.verdict = Verdict::Undecided;
    findings.promise.measured = Some(MeasuredRisk {
        insecure_paths: 1,
        paths: 500,
        low: 0.0,
        high: 0.0095,
        paths_to_decide: None,
        weighted: None,
    });
    findings
}

fn empty() -> Findings {
    Findings {
        format: FORMAT,
        growth: None,
        footing: None,
        title: String::new(),
        question: String::new(),
        verdict: Verdict::Undecided,
        promise: Promise {
            horizon_days: 30.0,
            at_most: 0.001,
            confidence: 0.95,
            measured: None,
        },
        headline: Vec::new(),
        changes: Vec::new(),
        binds: Vec::new(),
        breaks_first: None,
        lowest_coc: None,
        variants: Vec::new(),
        slash_rules: Vec::new(),
        operators: Operators::default(),
        figures: FigureData::default(),
        tables: Vec::new(),
        config: Vec::new(),
        method: Vec::new(),
        assumptions: Vec::new(),
        provenance: Provenance::default(),
        warnings: Vec::new(),
        outputs: Vec::new(),
    }
}

fn infeasible() -> Findings {
    let reason =
        "the stakers ask for more than 30 M USD/yr at every stake above 212 M USD".to_owned();
    let mut findings = fixture::safe();
    findings.verdict = Verdict::Infeasible { reason };
    findings.promise.measured = None;
    findings.headline.truncate(2);
    findings.headline[0].value = Value::Words("not reachable".to_owned());
    let figures = &mut findings.figures;
    let risk = figures.risk.as_mut().unwrap();
    risk.recommended = None;
    risk.points
        .iter_mut()
        .for_each(|point| (point.risk, point.low, point.high) = (0.4, 0.3, 0.5));
    let budget = figures.budget.as_mut().unwrap();
    (budget.recommended, budget.interval) = (None, None);
    figures
        .frontier
        .as_mut()
        .unwrap()
        .designs
        .iter_mut()
        .for_each(|design| design.standing = Standing::Frontier);
    figures.breaks = None;
    findings
}

fn one_operator() -> Findings {
    let mut findings = fixture::safe();
    findings.operators.operators = 1;
    findings.operators.entities = 1;
    findings.operators.top.truncate(1);
    let concentration = findings.figures.concentration.as_mut().unwrap();
    concentration.entity_shares = vec![1.0];
    concentration.reconstructed = false;
    let money = findings.figures.money.as_mut().unwrap();
    money.parts.truncate(1);
    findings
}

fn no_failures() -> Findings {
    let mut findings = fixture::safe();
    findings.promise.measured = Some(MeasuredRisk {
        insecure_paths: 0,
        paths: 3000,
        low: 0.0,
        high: 0.000_998,
        paths_to_decide: None,
        weighted: None,
    });
    let risk = findings.figures.risk.as_mut().unwrap();
    for point in &mut risk.points {
        (point.risk, point.low, point.high) = (0.0, 0.0, 0.000_998);
    }
    risk.recommended = Some(RiskPoint {
        stake_usd: 354e6,
        risk: 0.0,
        low: 0.0,
        high: 0.000_998,
    });
    let worst = findings.figures.worst.as_mut().unwrap();
    // All of the profit in one bar, as a constant profit gives.
    let total: u64 = worst.pfc.iter().sum();
    worst.pfc.iter_mut().for_each(|count| *count = 0);
    worst.pfc[30] = total;
    findings
}

fn scaled(factor: f64) -> Findings {
    let mut findings = fixture::safe();
    for row in &mut findings.headline {
        if let Value::Number(number) = &mut row.value {
            number.value *= factor;
            if let Some(interval) = &mut number.interval {
                (interval.low, interval.high) = (interval.low * factor, interval.high * factor);
            }
        }
    }
    for variant in &mut findings.variants {
        if let Value::Number(number) = &mut variant.value {
            number.value *= factor;
        }
    }
    let figures = &mut findings.figures;
    figures
        .risk
        .as_mut()
        .unwrap()
        .points
        .iter_mut()
        .for_each(|point| point.stake_usd *= factor);
    figures
        .worst
        .as_mut()
        .unwrap()
        .edges_usd
        .iter_mut()
        .for_each(|edge| *edge *= factor);
    figures
        .money
        .as_mut()
        .unwrap()
        .parts
        .iter_mut()
        .for_each(|part| part.usd_per_year *= factor);
    figures
        .breaks
        .as_mut()
        .unwrap()
        .rows
        .iter_mut()
        .for_each(|row| row.deviations *= factor);
    figures
        .frontier
        .as_mut()
        .unwrap()
        .designs
        .iter_mut()
        .for_each(|design| design.budget_usd_per_year *= factor);
    findings
}

fn huge() -> Findings {
    scaled(1e17)
}

fn tiny() -> Findings {
    scaled(1e-12)
}

fn names() -> Findings {
    let name = "<script>alert('&\"')</script> | `x` *y* _z_ [link](http://example.org) 質押者聯盟 Ξ∑ — a name that goes on and on".to_owned();
    let mut findings = fixture::safe();
    findings.title = name.clone();
    findings.question = format!("{name}\n# not a heading");
    findings.headline[0].label = name.clone();
    findings.headline[1].note = name.clone();
    findings.changes[0].text = name.clone();
    findings
        .operators
        .top
        .iter_mut()
        .for_each(|row| (row.name, row.entity) = (name.clone(), name.clone()));
    findings
        .variants
        .iter_mut()
        .for_each(|variant| variant.name = name.clone());
    let figures = &mut findings.figures;
    figures.concentration.as_mut().unwrap().names = vec![name.clone()];
    figures
        .money
        .as_mut()
        .unwrap()
        .parts
        .iter_mut()
        .for_each(|part| (part.label, part.note) = (name.clone(), name.clone()));
    figures
        .frontier
        .as_mut()
        .unwrap()
        .designs
        .iter_mut()
        .for_each(|design| design.label = name.clone());
    for row in &mut figures.breaks.as_mut().unwrap().rows {
        (row.input, row.assumed, row.breaks_at) = (name.clone(), name.clone(), Some(name.clone()));
    }
    findings.assumptions[0].statement = name.clone();
    findings.config[0].value = "1".repeat(78);
    findings.provenance.command = format!("stakewright run '{name}'");
    findings
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_from_outside() {
    for (name, findings) in all() {
        let page = file(&files(&findings), "report.html");
        if let Err(problem) = well_formed(&page) {
            panic!("{name}: {problem}");
        }
        // A name may contain an address as text; what a browser would load is in attributes and styles.
        for outside in [
            "src=", "url(", "@import", "<script", "<link", "<iframe", "href=\"h", "href=\"/",
        ] {
            assert!(
                !page.contains(outside),
                "{name}: the page contains {outside}"
            );
        }
    }
}

#[test]
fn links_and_anchors_resolve_and_ids_are_unique() {
    for (name, findings) in all() {
        let files = files(&findings);
        let page = file(&files, "report.html");
        let mut ids: Vec<&str> = page
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        for link in page
            .split("href=\"#")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            assert!(ids.contains(&link), "{name}: nothing is called {link}");
        }
        for label in page
            .split("aria-labelledby=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            assert!(
                label.split(' ').all(|id| ids.contains(&id)),
                "{name}: nothing is called {label}"
            );
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{name}: an id is used twice");
        let text = file(&files, "report.md");
        let links: Vec<&str> = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .collect();
        for link in &links {
            // An escaped bracket is text, not a link.
            let known = files.iter().any(|(path, _)| path == link);
            assert!(
                known || text.contains(&format!("\\]({link})")),
                "{name}: {link} does not exist"
            );
        }
        let figures = files
            .iter()
            .filter(|(path, _)| path.starts_with("figures/"));
        for (path, _) in figures {
            assert!(
                links.contains(&path.as_str()),
                "{name}: {path} is not shown"
            );
        }
    }
}

#[test]
fn a_full_report_has_all_figures_and_an_empty_one_none() {
    let paths = |findings: &Findings| {
        files(findings)
            .into_iter()
            .map(|(path, _)| path)
            .collect::<Vec<_>>()
    };
    let full = paths(&fixture::safe());
    for figure in [
        "variants",
        "breaks",
        "risk",
        "margin",
        "worst-moment",
        "budget",
        "money",
        "concentration",
        "frontier",
        "panel",
        "sizes",
        "collateral",
        "incident",
    ] {
        assert!(
            full.contains(&format!("figures/{figure}.svg")),
            "{figure} is missing"
        );
    }
    assert_eq!(paths(&empty()), ["report.html", "report.md"]);
}

#[test]
fn every_figure_speaks_to_a_screen_reader() {
    for (name, findings) in all() {
        for (path, bytes) in files(&findings)
            .iter()
            .filter(|(path, _)| path.ends_with(".svg"))
        {
            let svg = std::str::from_utf8(bytes).unwrap();
            if let Err(problem) = well_formed(svg) {
                panic!("{name} {path}: {problem}");
            }
            let between = |tag: &str| {
                let (_, rest) = svg.split_once(&format!("<{tag} ")).unwrap();
                rest.split_once('>')
                    .unwrap()
                    .1
                    .split('<')
                    .next()
                    .unwrap()
                    .to_owned()
            };
            assert!(svg.contains("role=\"img\""), "{name} {path}");
            assert!(
                between("title").len() > 5 && between("desc").len() > 20,
                "{name} {path}"
            );
        }
    }
}

#[test]
fn no_text_says_what_a_number_cannot_be() {
    for (name, findings) in all() {
        let mut shown: Vec<String> = files(&findings)
            .iter()
            .map(|(path, bytes)| format!("{path} {}", plain_text(&String::from_utf8_lossy(bytes))))
            .collect();
        shown.push(screen(&findings, ColourChoice::Never));
        for text in shown {
            for word in text.split(|c: char| !c.is_alphanumeric()) {
                assert!(
                    !matches!(
                        word,
                        "NaN" | "inf" | "Infinity" | "None" | "null" | "undefined"
                    ),
                    "{name}: {word}"
                );
            }
        }
    }
}

#[test]
fn words_of_a_figure_stay_inside_and_apart() {
    for (name, findings) in all() {
        let page = file(&files(&findings), "report.html");
        for svg in page
            .split("<svg ")
            .skip(1)
            .filter_map(|rest| rest.split("</svg>").next())
        {
            let id = svg
                .split("aria-labelledby=\"")
                .nth(1)
                .unwrap()
                .split('-')
                .next()
                .unwrap();
            let (size, texts) = svg_texts(svg);
            for text in &texts {
                assert!(
                    text.left >= -3.0
                        && text.right <= size.0 + 3.0
                        && text.top >= -3.0
                        && text.bottom <= size.1 + 3.0,
                    "{name}, {id} of {size:?}: {} leaves the figure: {text:?}",
                    text.text
                );
            }
            for (index, one) in texts.iter().enumerate() {
                for other in &texts[index + 1..] {
                    assert!(
                        !one.overlaps(other),
                        "{name}, {id} of {size:?}: {} covers {}: {one:?} {other:?}",
                        one.text,
                        other.text
                    );
                }
            }
        }
    }
}

#[test]
fn the_same_findings_give_the_same_bytes() {
    for (name, findings) in all() {
        assert_eq!(render(&findings), render(&findings.clone()), "{name}");
    }
}

#[test]
fn findings_survive_json() {
    for (name, findings) in all() {
        let text = serde_json::to_string(&findings).unwrap();
        let back: Findings = serde_json::from_str(&text).unwrap();
        assert_eq!(back, findings, "{name}");
    }
}

#[test]
fn page_text_and_terminal_show_the_same_headline() {
    for (name, findings) in all() {
        let files = files(&findings);
        let shown = [
            ("page", squeezed(&plain_text(&file(&files, "report.html")))),
            (
                "text",
                squeezed(&plain_text(&file(&files, "report.md").replace('\\', ""))),
            ),
            (
                "terminal",
                squeezed(&screen(&findings, ColourChoice::Never)),
            ),
        ];
        let rest = stakewright::report::words::verdict_rest(&findings);
        let mut wanted = vec![
            rest,
            stakewright::report::words::verdict_word(&findings.verdict).to_owned(),
        ];
        for row in &findings.headline {
            wanted.push(format::value_alone(&row.value));
            if let Value::Number(Quantity {
                value,
                unit,
                interval: Some(interval),
                ..
            }) = &row.value
            {
                wanted.push(format::range(interval.low, interval.high, *value, *unit));
            }
        }
        for (place, text) in &shown {
            for number in &wanted {
                assert!(
                    text.contains(&squeezed(number)),
                    "{name}: the {place} lacks {number}"
                );
            }
        }
    }
}

#[test]
fn assumptions_are_cited_where_they_matter() {
    let findings = fixture::safe();
    let page = file(&files(&findings), "report.html");
    let text = file(&files(&findings), "report.md");
    for assumption in &findings.assumptions {
        let cited = page.matches(&format!(">{}</a>", assumption.id)).count();
        assert!(
            cited > 0,
            "{} is in the appendix and nowhere cited",
            assumption.id
        );
        assert!(
            text.contains(&format!("({}", assumption.id))
                || text.contains(&format!(", {}", assumption.id))
        );
    }
}

#[test]
fn what_is_reconstructed_says_so_everywhere() {
    let findings = fixture::safe();
    let files = files(&findings);
    for text in [
        file(&files, "report.html"),
        file(&files, "report.md"),
        file(&files, "figures/concentration.svg"),
    ] {
        assert!(text.contains("reconstructed"), "{}", &text[..200]);
    }
    assert!(screen(&findings, ColourChoice::Never).contains("reconstructed"));
}

#[test]
fn the_screen_fits_eighty_columns_and_colour_adds_nothing_but_colour() {
    for (name, findings) in all() {
        let plain = screen(&findings, ColourChoice::Never);
        for line in plain.lines() {
            assert!(
                columns(line) <= 80,
                "{name}: {} columns: {line}",
                columns(line)
            );
            assert_eq!(line.trim_end(), line, "{name}: a line ends with a space");
        }
        assert!(!plain.contains('\u{1b}'), "{name}");
        let coloured = screen(&findings, ColourChoice::Always);
        let mut stripped = String::new();
        for (index, part) in coloured.split("\u{1b}[").enumerate() {
            stripped += if index == 0 {
                part
            } else {
                part.split_once('m').unwrap().1
            };
        }
        assert_eq!(stripped, plain, "{name}");
        assert!(
            coloured.len() > plain.len(),
            "{name}: the verdict has a colour"
        );
    }
}

#[test]
fn the_screen_of_a_safe_design_reads_like_this() {
    let plain = screen(&fixture::safe(), ColourChoice::Never);
    insta::assert_snapshot!(plain);
    let alone = verdict(&fixture::safe(), ColourChoice::Never);
    assert_eq!(
        alone,
        "SAFE with 95 % confidence, counting the stake of delegators too: an insecure day\nwithin 30 days has probability ≤ 0.10 %\nNOT SAFE if operators weigh only what they themselves lose (38 M USD today, not\n96 M USD, against a profit of up to 60 M USD): an insecure day within 30 days\nhas probability 1.1 to 1.4 %; 250 of the same 20,000 fresh paths\n"
    );
}

#[test]
fn captions_say_what_to_see() {
    let findings = fixture::safe();
    let text = file(&files(&findings), "report.md").replace('\\', "");
    for sentence in [
        "At 354 M USD the chance of an insecure day within 30 days is 0.096 % (95 % interval 0.060–0.15).",
        "Below 353 M USD it exceeds the 0.10 % promised.",
        "On every day within 30 days, 99.9 % of the paths keep a coverage of at least 1.13× (least on day 30).",
        "The stakers set the price: they ask for",
        "The largest 10 of 188 entities hold 34.9 % of the weight; an attack needs 33.4 %.",
        "Today the lowest credible cost is C2 (operator-rational), 38 M USD.",
        "That cost is 1.81× that profit: corruption does not pay.",
        "The promise counts C6 (after recapture), 96 M USD.",
        "the first to break the promise is correlation of collateral and value at risk: at 0.62 instead of 0.50, 0.8 sd away.",
        "The next cheaper one saves 2.1 M USD a year and carries 0.40 %.",
        "Of 10.3 M USD/yr the largest part, 71.8 %, goes to stakers",
    ] {
        assert!(text.contains(sentence), "lacks: {sentence}");
    }
    let broken = file(&files(&unsafe_design()), "report.md");
    assert!(broken.contains("there corruption pays"), "{broken}");
    let hopeless = file(&files(&infeasible()), "report.md");
    assert!(
        hopeless.contains("the largest stake shown, does not bring it down to the 0.10 % promised"),
        "{hopeless}"
    );
}

/// Whatever finite numbers and words the findings hold, all outputs are made and sound.
fn outputs_are_sound(seed: u64, calm: f64) -> Result<(), TestCaseError> {
    let findings = arbitrary::mutated(&fixture::safe(), seed, calm);
    let files = files(&findings);
    for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with(".md")) {
        let text = std::str::from_utf8(bytes).unwrap();
        prop_assert!(
            well_formed(text).is_ok(),
            "{}: {:?}",
            path,
            well_formed(text)
        );
        for word in plain_text(text).split_whitespace() {
            prop_assert!(!matches!(word, "NaN" | "inf" | "-inf"), "{path}: {word}");
        }
    }
    for line in screen(&findings, ColourChoice::Never).lines() {
        prop_assert!(columns(line) <= 80, "{line}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_findings_break_the_report(seed: u64, calm in 0.0..1.0_f64) {
        outputs_are_sound(seed, calm)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "slow: 400 cases"]
    fn slow_no_findings_break_the_report(seed: u64, calm in 0.0..1.0_f64) {
        outputs_are_sound(seed, calm)?;
    }
}

#[test]
#[ignore = "slow: writes reports to look at in a browser, into the folder it prints"]
fn slow_reports_to_look_at() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports-to-look-at");
    for (name, findings) in all() {
        let folder = folder.join(name.replace(' ', "-"));
        std::fs::create_dir_all(folder.join("figures")).unwrap();
        for (path, bytes) in render(&findings) {
            std::fs::write(folder.join(path), bytes).unwrap();
        }
        std::fs::write(
            folder.join("screen.txt"),
            screen(&findings, ColourChoice::Never),
        )
        .unwrap();
        assert!(folder.join("report.html").is_file());
    }
    println!("{}", folder.display());
}
