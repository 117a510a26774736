// Which page stands at the address.

import { useTexts } from "./i18n";
import { ListPage } from "./list/ListPage";
import { ReaderPage } from "./reader/ReaderPage";
import { route as routeStore } from "./state/router";
import { useStore } from "./state/store";
import { TopBar } from "./ui/TopBar";
import { useTitle } from "./ui/useTitle";

export function App() {
  const route = useStore(routeStore);
  if (route.name === "list") return <ListPage />;
  if (route.name === "unknown") return <Nothing path={route.path} />;
  return <ReaderPage key={route.id} route={route} />;
}

function Nothing({ path }: { path: string }) {
  const t = useTexts();
  useTitle(t.notFoundTitle);
  return (
    <>
      <TopBar />
      <main id="content" class="plain-page" tabIndex={-1}>
        <h1>{t.notFoundTitle}</h1>
        <p>{t.notFoundDetail(path)}</p>
        <p><a href="/">{t.backToList}</a></p>
      </main>
    </>
  );
}
