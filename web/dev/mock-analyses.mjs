// Made-up analyses that move through their steps.

const TICK = Number(process.env.TICK ?? 120);
const STEPS = [["scan", 130], ["index", 112], ["analyze", 112], ["document", 14]];

function make(id, fields) {
  return {
    id, name: id, task_id: "3f0c9a52-6d0e-4f6e-9b57-0d6b8f2f7d11", status: "queued", step: null, progress: null,
    source: { path: `/home/me/${id}` }, language: "en", model: null,
    counts: { files: 0, skipped: 0, symbols: 0, analyzed: 0, failed: 0, pages: 0 },
    commit: null,
    llm: { calls: 0, cached: 0, prompt_tokens: 0, completion_tokens: 0, cost: 0 },
    error: null, created_at: new Date().toISOString(), started_at: null, finished_at: null, ...fields,
  };
}

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

export class Analyses {
  #all = new Map();
  #watchers = new Map();
  #event = 0;

  constructor() {
    this.#add(make("attrs", {
      status: "completed", created_at: ago(7_300), started_at: ago(7_299), finished_at: ago(7_296.9),
      source: { git: "https://example.org/python-attrs/attrs.git", ref: "26.1.0" },
      counts: { files: 130, skipped: 9, symbols: 1204, analyzed: 112, failed: 0, pages: 14 },
    }));
    this.#add(make("gone", {
      status: "failed", step: "scan", created_at: ago(90_000), started_at: ago(89_999), finished_at: ago(89_990),
      source: { git: "https://git.example.invalid/team/gone.git" },
      error: {
        code: "git_unreachable", message: "cannot clone https://git.example.invalid/team/gone.git: could not resolve the host",
        hint: "Check the URL with `git ls-remote`, then resume.",
      },
    }));
    const running = make("linux-drivers", { model: "example-model", created_at: ago(40) });
    this.#add(running);
    this.#run(running, { slow: 12, endless: true });
  }

  #add(analysis) {
    this.#all.set(analysis.id, analysis);
  }

  list() {
    return [...this.#all.values()].sort((a, b) => b.created_at.localeCompare(a.created_at));
  }

  find(id) {
    return this.#all.get(id);
  }

  start(wanted) {
    const from = wanted.source.path ?? wanted.source.git ?? "upload";
    const name = from.replace(/\/+$/, "").split("/").pop().replace(/\.git$/, "");
    const id = `${name.toLowerCase().replace(/[^a-z0-9]/g, "")}${this.#all.size}`;
    const analysis = make(id, { name, source: wanted.source, language: wanted.options?.language ?? "en" });
    this.#add(analysis);
    this.#run(analysis, { slow: 1, endless: false });
    return analysis;
  }

  cancel(analysis) {
    Object.assign(analysis, { status: "cancelled", finished_at: new Date().toISOString() });
    this.#tell(analysis);
    return analysis;
  }

  resume(analysis) {
    Object.assign(analysis, { status: "queued", error: null, finished_at: null });
    this.#run(analysis, { slow: 1, endless: false });
    return analysis;
  }

  remove(analysis) {
    this.#all.delete(analysis.id);
  }

  stream(analysis, request, response) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    const send = () => {
      response.write(`event: analysis\nid: ${++this.#event}\ndata: ${JSON.stringify(analysis)}\n\n`);
      if (["completed", "failed", "cancelled"].includes(analysis.status)) response.end();
    };
    const watchers = this.#watchers.get(analysis.id) ?? new Set();
    this.#watchers.set(analysis.id, watchers.add(send));
    request.on("close", () => watchers.delete(send));
    send();
  }

  #tell(analysis) {
    for (const send of this.#watchers.get(analysis.id) ?? []) send();
  }

  #run(analysis, { slow, endless }) {
    let at = 0;
    let done = 0;
    Object.assign(analysis, { status: "running", started_at: new Date().toISOString() });
    const timer = setInterval(() => {
      if (analysis.status !== "running") return clearInterval(timer);
      const [step, total] = STEPS[at];
      done = Math.min(total, done + Math.ceil(total / 6 / slow));
      const { counts } = analysis;
      if (step === "scan") Object.assign(counts, { files: done, skipped: Math.floor(done / 14), symbols: done * 9 });
      if (step === "analyze") counts.analyzed = done;
      if (step === "document") counts.pages = done;
      Object.assign(analysis, { step, progress: { done, total: step === "index" && done < 30 ? null : total } });
      if (done === total) {
        done = 0;
        at = endless && step === "analyze" ? 2 : at + 1;
      }
      if (at === STEPS.length) {
        Object.assign(analysis, { status: "completed", step: null, progress: null, finished_at: new Date().toISOString() });
        clearInterval(timer);
      }
      this.#tell(analysis);
    }, TICK);
    timer.unref();
  }
}
