// What was checked, and how it ended.

let passed = 0;
let failed = 0;

export function say(text) {
  console.log(`  ${text}`);
}

export function ok(claim, text) {
  if (claim) passed += 1;
  else failed += 1;
  console.log(`  ${claim ? "ok" : "FAILED"}: ${text}`);
}

/** A part of the walk; when it breaks off, the parts after it are still tried. */
export async function step(name, walk) {
  console.log(name);
  try {
    await walk();
  } catch (reason) {
    ok(false, `${name} broke off: ${reason instanceof Error ? reason.message : reason}`);
  }
}

export function finish() {
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
