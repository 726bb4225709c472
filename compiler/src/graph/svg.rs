//! A graph as SVG. Contexts are boxes in columns, the columns in the order of the jumps between them; in a context its blocks stand
//! one below the other. Ways inside a context run beside its blocks, down on the right and up on the left; ways between contexts are
//! curves. Every edge begins at the row of its step.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Cover, Edge, Graph, Kind, Node, Why};

/// Nodes above which a drawing is no longer legible.
pub const NODES: usize = 300;

const ROW: i32 = 16;
const CHAR: i32 = 7;
const PAD: i32 = 8;
/// Between blocks of one context.
const GAP: i32 = 18;
/// Between contexts of one column.
const FAR: i32 = 34;
/// Between columns.
const COLUMN: i32 = 110;
/// Between ways beside the blocks.
const LANE: i32 = 9;
const MARGIN: i32 = 24;
/// Between ways that leave one row.
const BESIDE: i32 = 11;
/// Characters of a label.
const LABEL: usize = 22;

#[derive(Clone, Copy, Default)]
struct Place {
    x: i32,
    y: i32,
    w: i32,
    h: i32,
}

impl Place {
    /// The height at which a row stands; None: the title.
    fn row(&self, row: Option<usize>) -> i32 {
        let n = row.map_or(0, |r| i32::try_from(r).unwrap_or(0) + 1);
        self.y + PAD / 2 + n * ROW + ROW / 2
    }

    fn right(&self) -> i32 {
        self.x + self.w
    }
}

/// A context with its blocks, or a single node.
struct Group {
    members: Vec<usize>,
    frame: bool,
    column: usize,
    place: Place,
    /// Widest member.
    width: i32,
    left_lanes: i32,
    right_lanes: i32,
}

struct Layout<'g> {
    graph: &'g Graph,
    /// For a page that has own colours.
    cover: Option<&'g Cover>,
    groups: Vec<Group>,
    /// Group of each node.
    of: Vec<usize>,
    places: Vec<Place>,
    /// Lane of each edge inside a context.
    lanes: HashMap<usize, i32>,
}

impl Graph {
    /// The graph as SVG; None if it has more than [`NODES`] nodes.
    pub fn svg(&self) -> Option<String> {
        self.drawn(None)
    }

    /// The same with what was reached, for a page that says how the classes look: rows are `ran`, `partly` or `never`, edges `taken`,
    /// `untaken` or `unknown`.
    pub fn svg_covered(&self, cover: &Cover) -> Option<String> {
        self.drawn(Some(cover))
    }

    fn drawn(&self, cover: Option<&Cover>) -> Option<String> {
        (self.nodes.len() <= NODES).then(|| {
            let mut layout = Layout::of(self, cover);
            layout.columns();
            layout.lanes();
            layout.stand();
            layout.draw()
        })
    }
}

fn chars(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(0)
}

fn size(node: &Node) -> (i32, i32) {
    let widest = node.rows.iter().map(|r| chars(r)).max().unwrap_or(0);
    let title = match node.kind {
        Kind::Computed => chars("computed: ") + chars(&node.title),
        Kind::Missing => chars("missing: ") + chars(&node.title),
        _ => chars(&node.title) + 2,
    };
    let rows = i32::try_from(node.rows.len()).unwrap_or(0) + 1;
    (widest.max(title) * CHAR + 2 * PAD, rows * ROW + PAD)
}

impl<'g> Layout<'g> {
    fn of(graph: &'g Graph, cover: Option<&'g Cover>) -> Layout<'g> {
        let mut groups: Vec<Group> = Vec::new();
        let mut of: Vec<usize> = Vec::new();
        let mut places = Vec::new();
        for (n, node) in graph.nodes.iter().enumerate() {
            let (w, h) = size(node);
            places.push(Place { w, h, x: 0, y: 0 });
            if let Some(group) = node.group {
                let group = of[group];
                of.push(group);
                groups[group].members.push(n);
                groups[group].width = groups[group].width.max(w);
            } else {
                of.push(groups.len());
                groups.push(Group {
                    members: vec![n],
                    frame: node.kind == Kind::Context,
                    column: 0,
                    place: Place::default(),
                    width: w,
                    left_lanes: 0,
                    right_lanes: 0,
                });
            }
        }
        Layout {
            graph,
            cover,
            groups,
            of,
            places,
            lanes: HashMap::new(),
        }
    }

    /// A context stands right of those that lead to it; ways back do not count.
    fn columns(&mut self) {
        let mut next: Vec<Vec<usize>> = vec![Vec::new(); self.groups.len()];
        for edge in &self.graph.edges {
            let (from, to) = (self.of[edge.from], self.of[edge.to]);
            if from != to && !next[from].contains(&to) {
                next[from].push(to);
            }
        }
        // Depth first from the beginning of the file; what is still open when it is met again is a way back.
        let mut order = Vec::new();
        let mut state = vec![0u8; self.groups.len()];
        let mut ahead: Vec<Vec<usize>> = vec![Vec::new(); self.groups.len()];
        for start in 0..self.groups.len() {
            if state[start] != 0 {
                continue;
            }
            state[start] = 1;
            let mut open = vec![(start, 0)];
            while let Some((group, at)) = open.last_mut() {
                let group = *group;
                if let Some(to) = next[group].get(*at).copied() {
                    *at += 1;
                    if state[to] != 1 {
                        ahead[group].push(to);
                    }
                    if state[to] == 0 {
                        state[to] = 1;
                        open.push((to, 0));
                    }
                } else {
                    state[group] = 2;
                    order.push(group);
                    open.pop();
                }
            }
        }
        for group in order.into_iter().rev() {
            let column = self.groups[group].column + 1;
            for to in &ahead[group] {
                self.groups[*to].column = self.groups[*to].column.max(column);
            }
        }
    }

    /// Whether an edge runs beside the blocks of its context.
    fn inside(&self, edge: &Edge) -> bool {
        self.of[edge.from] == self.of[edge.to]
    }

    /// Whether such an edge is the plain step to the block below.
    fn plain(edge: &Edge) -> bool {
        edge.why == Why::Next && edge.to == edge.from + 1
    }

    /// Ways beside the blocks that overlap take different lanes; short ones are nearer to the blocks.
    fn lanes(&mut self) {
        let mut inner: Vec<usize> = (0..self.graph.edges.len())
            .filter(|n| {
                let edge = &self.graph.edges[*n];
                self.inside(edge) && !Layout::plain(edge)
            })
            .collect();
        inner.sort_by_key(|n| {
            let e = &self.graph.edges[*n];
            (e.from.abs_diff(e.to), *n)
        });
        let mut taken: HashMap<(usize, bool, i32), Vec<(usize, usize)>> = HashMap::new();
        for n in inner {
            let edge = &self.graph.edges[n];
            let down = edge.to > edge.from;
            let span = (edge.from.min(edge.to), edge.from.max(edge.to));
            let group = self.of[edge.from];
            let free = (0..).find(|lane| {
                taken
                    .get(&(group, down, *lane))
                    .is_none_or(|spans| spans.iter().all(|s| s.1 < span.0 || span.1 < s.0))
            });
            let lane = free.unwrap_or(0);
            taken.entry((group, down, lane)).or_default().push(span);
            self.lanes.insert(n, lane);
            let group = &mut self.groups[group];
            if down {
                group.right_lanes = group.right_lanes.max(lane + 1);
            } else {
                group.left_lanes = group.left_lanes.max(lane + 1);
            }
        }
    }

    /// Gives every group and node its place.
    fn stand(&mut self) {
        let columns = self.groups.iter().map(|g| g.column).max().unwrap_or(0);
        let mut x = MARGIN;
        let mut middle = vec![0; self.groups.len()];
        for column in 0..=columns {
            let mut members: Vec<usize> = (0..self.groups.len())
                .filter(|g| self.groups[*g].column == column)
                .collect();
            // Near to those that lead to it.
            let wish = |group: &usize| {
                let before: Vec<i32> = self
                    .graph
                    .edges
                    .iter()
                    .filter(|e| self.of[e.to] == *group)
                    .map(|e| self.of[e.from])
                    .filter(|f| self.groups[*f].column < column)
                    .map(|f| middle[f])
                    .collect();
                let count = i32::try_from(before.len()).unwrap_or(1).max(1);
                before.iter().sum::<i32>() / count
            };
            members.sort_by_cached_key(|g| (wish(g), *g));
            let mut y = MARGIN;
            let mut widest = 0;
            for group in members {
                let g = &mut self.groups[group];
                let border = if g.frame { PAD + 4 } else { 0 };
                let label = if g.right_lanes > 0 { 30 } else { 0 };
                g.place.x = x;
                g.place.y = y;
                g.place.w = g.width
                    + 2 * border
                    + (g.left_lanes + g.right_lanes) * LANE
                    + label
                    + if g.left_lanes > 0 { 30 } else { 0 };
                let left = x + border + g.left_lanes * LANE + if g.left_lanes > 0 { 30 } else { 0 };
                y += border / 2;
                for (i, n) in g.members.iter().enumerate() {
                    if i > 0 {
                        y += GAP;
                    }
                    let place = &mut self.places[*n];
                    place.x = left;
                    place.y = y;
                    place.w = g.width;
                    y += place.h;
                }
                y += border;
                g.place.h = y - g.place.y;
                middle[group] = (g.place.y + y) / 2;
                widest = widest.max(g.place.w);
                y += FAR;
            }
            x += widest + COLUMN;
        }
    }

    fn draw(&self) -> String {
        let right = self.groups.iter().map(|g| g.place.right()).max();
        let bottom = self.groups.iter().map(|g| g.place.y + g.place.h).max();
        let (right, bottom) = (right.unwrap_or(0), bottom.unwrap_or(0));
        let width = (right + MARGIN + 40).max(720);
        let height = bottom + MARGIN + 40;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"11\">\n"
        );
        if self.cover.is_some() {
            out.push_str(HEADS);
        } else {
            let _ = writeln!(
                out,
                "{STYLE}<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>"
            );
        }
        for group in self.groups.iter().filter(|g| g.frame) {
            let p = group.place;
            let _ = writeln!(
                out,
                "<rect class=\"context\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>",
                p.x, p.y, p.w, p.h
            );
        }
        let mut labels = String::new();
        // Several ways from one row leave it one below the other: where the next one does.
        let mut from_row: HashMap<(usize, Option<usize>), i32> = HashMap::new();
        for edge in self.graph.edges.iter().filter(|e| !Layout::plain(e)) {
            *from_row.entry((edge.from, edge.row)).or_insert(BESIDE / 2) -= BESIDE / 2;
        }
        for (n, edge) in self.graph.edges.iter().enumerate() {
            self.edge(n, edge, &mut from_row, &mut out, &mut labels);
        }
        for (n, node) in self.graph.nodes.iter().enumerate() {
            self.node(n, node, &mut out);
        }
        out.push_str(&labels);
        let mut x = MARGIN;
        let legend: Vec<(&str, &str, &str)> = match self.cover {
            Some(_) => COVERED.to_vec(),
            None => LEGEND
                .iter()
                .map(|(why, words)| (why.word(), head(*why), *words))
                .collect(),
        };
        for (class, head, words) in legend {
            let y = height - 22;
            let _ = writeln!(
                out,
                "<path class=\"e {class}\" d=\"M{x} {y}h26\" marker-end=\"url(#{head})\"/><text x=\"{}\" y=\"{}\" class=\"note\">{words}</text>",
                x + 36,
                y + 4
            );
            x += 36 + chars(words) * CHAR + 18;
        }
        out.push_str("</svg>\n");
        out
    }

    fn node(&self, n: usize, node: &Node, out: &mut String) {
        let p = self.places[n];
        let (class, title) = match node.kind {
            Kind::Context => ("header", format!("[{}]", node.title)),
            Kind::Block => ("block", node.title.clone()),
            Kind::Computed => ("computed", format!("computed: {}", node.title)),
            Kind::Missing => ("missing", format!("missing: {}", node.title)),
        };
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\"/>",
            p.x, p.y, p.w, p.h
        );
        let _ = writeln!(
            out,
            "<text class=\"title\" x=\"{}\" y=\"{}\">{}</text>",
            p.x + PAD,
            p.row(None) + 4,
            escaped(&title)
        );
        for (i, row) in node.rows.iter().enumerate() {
            let ran = self.cover.and_then(|c| c.rows.get(n)?.get(i));
            if let Some(ran) = ran {
                let _ = writeln!(
                    out,
                    "<rect class=\"row {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{ROW}\"/>",
                    ran.word(),
                    p.x + 1,
                    p.row(Some(i)) - ROW / 2,
                    p.w - 2
                );
            }
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{}\">{}</text>",
                p.x + PAD,
                p.row(Some(i)) + 4,
                escaped(row)
            );
        }
    }

    fn edge(
        &self,
        n: usize,
        edge: &Edge,
        from_row: &mut HashMap<(usize, Option<usize>), i32>,
        out: &mut String,
        labels: &mut String,
    ) {
        let (from, to) = (self.places[edge.from], self.places[edge.to]);
        let taken = self.cover.map(|c| c.edges.get(n).copied().flatten());
        let (class, head) = match taken {
            None => (edge.why.word(), head(edge.why)),
            Some(Some(true)) => ("taken", "head-taken"),
            Some(Some(false)) => ("untaken", "head-untaken"),
            Some(None) => ("unknown", "head-unknown"),
        };
        let mut path = |d: String| {
            let _ = writeln!(
                out,
                "<path class=\"e {class}\" d=\"{d}\" marker-end=\"url(#{head})\"/>"
            );
        };
        if Layout::plain(edge) {
            let x = from.x + PAD * 2;
            path(format!("M{x} {}V{}", from.y + from.h, to.y - 1));
            return;
        }
        let used = from_row.entry((edge.from, edge.row)).or_default();
        let y = from.row(edge.row) + *used;
        *used += BESIDE;
        let (from_group, to_group) = (
            &self.groups[self.of[edge.from]],
            &self.groups[self.of[edge.to]],
        );
        let end = to.row(None);
        let mut rightwards = true;
        if let Some(lane) = self.lanes.get(&n) {
            let offset = 30 + lane * LANE;
            if edge.to > edge.from {
                let x = from.right() + offset;
                path(format!(
                    "M{} {y}H{x}V{end}H{}",
                    from.right(),
                    to.right() + 1
                ));
            } else {
                rightwards = false;
                let x = from.x - offset;
                path(format!("M{} {y}H{x}V{end}H{}", from.x, to.x - 1));
            }
        } else if to_group.column > from_group.column {
            let out_at = from_group.place.right();
            let dx = ((to.x - out_at) / 2).clamp(40, 160);
            path(format!(
                "M{} {y}H{out_at}C{} {y} {} {end} {} {end}",
                from.right(),
                out_at + dx,
                to.x - dx,
                to.x - 1
            ));
        } else if to_group.column == from_group.column {
            let x = from_group.place.right().max(to_group.place.right());
            path(format!(
                "M{} {y}H{x}C{} {y} {} {end} {x} {end}H{}",
                from.right(),
                x + 60,
                x + 60,
                to.right() + 1
            ));
        } else {
            rightwards = false;
            let out_at = from_group.place.x;
            let dx = ((out_at - to.right()) / 2).clamp(40, 160);
            path(format!(
                "M{} {y}H{out_at}C{} {y} {} {end} {} {end}",
                from.x,
                out_at - dx,
                to.right() + dx,
                to.right() + 1
            ));
        }
        let word = match edge.why {
            Why::Next | Why::Goto | Why::Branch | Why::Gosub | Why::Loop | Why::Local => "",
            Why::Include => "",
            Why::Timeout => "t",
            Why::Invalid => "i",
            Why::Hangup => "h",
        };
        let words = [word, &edge.label];
        let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
        if !words.is_empty() {
            let (x, anchor) = if rightwards {
                (from.right() + 4, "start")
            } else {
                (from.x - 4, "end")
            };
            let whole = words.join(" ");
            let mut short: String = whole.chars().take(LABEL).collect();
            if short != whole {
                short.push('…');
            }
            let _ = writeln!(
                labels,
                "<text class=\"label\" x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{}<title>{}</title></text>",
                y - 2,
                escaped(&short),
                escaped(&whole)
            );
        }
    }
}

/// The colour of an arrow's head.
fn head(why: Why) -> &'static str {
    match why {
        Why::Next => "k",
        Why::Goto | Why::Branch | Why::Loop => "b",
        Why::Gosub | Why::Local => "v",
        Why::Include => "g",
        Why::Timeout | Why::Invalid | Why::Hangup => "o",
    }
}

const LEGEND: [(Why, &str); 5] = [
    (Why::Next, "next priority"),
    (Why::Goto, "goto, branch, loop"),
    (Why::Gosub, "gosub, Local"),
    (Why::Include, "include"),
    (Why::Timeout, "t, i, h"),
];

/// Classes, heads and words where it is told what was reached.
const COVERED: [(&str, &str, &str); 3] = [
    ("taken", "head-taken", "a call went here"),
    ("untaken", "head-untaken", "no call went here"),
    (
        "unknown",
        "head-unknown",
        "include, or a target that is not there",
    ),
];

const HEADS: &str = r##"<defs>
<marker id="head-taken" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head-taken" d="M0 0L8 4L0 8z"/></marker>
<marker id="head-untaken" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head-untaken" d="M0 0L8 4L0 8z"/></marker>
<marker id="head-unknown" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head-unknown" d="M0 0L8 4L0 8z"/></marker>
</defs>
"##;

const STYLE: &str = r##"<defs>
<marker id="k" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker>
<marker id="b" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#0969da"/></marker>
<marker id="v" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#8250df"/></marker>
<marker id="g" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#1a7f37"/></marker>
<marker id="o" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#bc4c00"/></marker>
</defs>
<style>
.e{fill:none;stroke-width:1.2}
.context{fill:#f6f8fa;stroke:#d0d7de}
.header{fill:#ddf4ff;stroke:#54aeff}
.block{fill:#ffffff;stroke:#8c959f}
.computed{fill:#fff8c5;stroke:#9a6700;stroke-dasharray:4 3}
.missing{fill:#ffebe9;stroke:#cf222e}
.title{font-weight:bold}
.note{fill:#57606a}
.label{font-size:9px;fill:#424a53;stroke:#ffffff;stroke-width:2.5;paint-order:stroke}
.next{stroke:#57606a}
.goto,.branch,.loop{stroke:#0969da}
.gosub,.local{stroke:#8250df;stroke-dasharray:6 3}
.include{stroke:#1a7f37;stroke-width:2}
.timeout,.invalid,.hangup{stroke:#bc4c00;stroke-dasharray:2 3}
</style>
"##;

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // What XML cannot hold.
            '\u{fffe}' | '\u{ffff}' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}
