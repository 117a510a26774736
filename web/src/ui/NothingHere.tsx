// A page for addresses that lead nowhere.

import { useTexts } from "../i18n";
import { TopBar } from "./TopBar";
import { useTitle } from "./useTitle";

export function NothingHere({ detail }: { detail: string }) {
  const t = useTexts();
  useTitle(t.notFoundTitle);
  return (
    <>
      <TopBar />
      <main id="content" class="plain-page" tabIndex={-1}>
        <h1>{t.notFoundTitle}</h1>
        <p>{detail}</p>
        <p><a href="/">{t.backToList}</a></p>
      </main>
    </>
  );
}
