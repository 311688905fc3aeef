//! Holds the code map of ARCHITECTURE.md against the real imports, and the house rules that a
//! machine can check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("src is readable")
        .flatten()
        .collect();
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Module → modules that it may import; `None` means all.
fn code_map() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md exists");
    let quoted = |cell: &str| -> Vec<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect()
    };
    text.lines()
        .skip_while(|line| !line.starts_with("## Code map"))
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let module = quoted(cells[0]).first().expect("a module's name").clone();
            let imports = (cells[2] != "all").then(|| quoted(cells[2]).into_iter().collect());
            (module, imports)
        })
        .collect()
}

fn module_of(path: &Path) -> Option<String> {
    let relative = path.strip_prefix(root().join("src")).expect("under src");
    let first = relative
        .components()
        .next()?
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    let name = first.trim_end_matches(".rs").to_owned();
    (name != "lib" && name != "main").then_some(name)
}

/// The text before the unit tests, without comments: what the shipped code imports.
fn shipped(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end]
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Top-level modules named by `crate::x` or `crate::{x::…, y}`.
fn imports(text: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    let mut found = BTreeSet::new();
    for (position, _) in text.match_indices("crate::") {
        let preceded = text[..position].chars().next_back();
        if preceded.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &text[position + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0_i32;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.insert(word(item.trim()));
                        item.clear();
                        continue;
                    }
                    _ => {}
                }
                item.push(c);
            }
            found.insert(word(item.trim()));
        } else {
            found.insert(word(rest));
        }
    }
    found.remove("");
    found
}

#[test]
fn the_code_map_is_true() {
    let map = code_map();
    assert!(map.len() >= 15, "the table was not parsed: {map:?}");
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut wrong = Vec::new();
    for path in &files {
        let Some(module) = module_of(path) else {
            continue;
        };
        let Some(allowed) = map.get(&module) else {
            wrong.push(format!(
                "{} belongs to no module of the table",
                path.display()
            ));
            continue;
        };
        let Some(allowed) = allowed else { continue };
        let text = shipped(&fs::read_to_string(path).expect("readable"));
        for import in imports(&text) {
            if import != module && map.contains_key(&import) && !allowed.contains(&import) {
                wrong.push(format!(
                    "{}: `{module}` may not import `{import}`",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for module in map.keys() {
        assert!(
            files
                .iter()
                .any(|path| module_of(path).as_ref() == Some(module)),
            "the table names `{module}`, which does not exist"
        );
    }
}

#[test]
fn the_code_map_is_in_the_order_of_dependency() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md exists");
    let position = |module: &str| text.find(&format!("\n| `{module}`")).expect("in the table");
    // `chain` is named after `export` because it is an edge; only the ABI declarations cross.
    for (module, imports) in code_map() {
        for import in imports
            .into_iter()
            .flatten()
            .filter(|import| import != "chain")
        {
            assert!(
                position(&import) < position(&module),
                "`{import}` stands below `{module}`"
            );
        }
    }
}

#[test]
fn foreign_types_stay_inside_their_module() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut wrong = Vec::new();
    for path in &files {
        let Some(module) = module_of(path) else {
            continue;
        };
        let text = shipped(&fs::read_to_string(path).expect("readable"));
        let uses = |name: &str| text.contains(name);
        if uses("polars::") && module != "tables" {
            wrong.push(format!("{}: polars outside `tables`", path.display()));
        }
        let alloy =
            uses("alloy_primitives::") || uses("alloy_provider::") || uses("alloy_sol_types::");
        if alloy && module != "chain" && module != "export" {
            wrong.push(format!(
                "{}: alloy outside `chain` and `export`",
                path.display()
            ));
        }
        if (uses("println!") || uses("eprintln!")) && module != "cli" {
            wrong.push(format!("{}: prints, which only `cli` does", path.display()));
        }
        if uses("todo!(") || uses("unimplemented!(") || uses("dbg!(") {
            wrong.push(format!("{}: unfinished", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_one_thing() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let long: Vec<String> = files
        .iter()
        .map(|path| {
            (
                path,
                fs::read_to_string(path).expect("readable").lines().count(),
            )
        })
        .filter(|(_, lines)| *lines > 700)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "split these files:\n{}", long.join("\n"));
}

#[test]
fn parallel_floats_are_never_summed_in_any_order() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    for path in &files {
        let text = shipped(&fs::read_to_string(path).expect("readable"));
        for (position, _) in text.match_indices("par_iter") {
            let statement = text[position..].split(';').next().unwrap_or_default();
            for reduction in [".sum()", ".sum::<f64>()", ".reduce(", ".fold("] {
                assert!(
                    !statement.contains(reduction),
                    "{}: {reduction} on a parallel iterator",
                    path.display()
                );
            }
        }
    }
}
