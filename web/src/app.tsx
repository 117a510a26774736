// Which page stands at the address.

import { useTexts } from "./i18n";
import { ListPage } from "./list/ListPage";
import { ReaderPage } from "./reader/ReaderPage";
import { route as routeStore } from "./state/router";
import { useStore } from "./state/store";
import { NothingHere } from "./ui/NothingHere";

export function App() {
  const t = useTexts();
  const route = useStore(routeStore);
  if (route.name === "list") return <ListPage />;
  if (route.name === "unknown") return <NothingHere detail={t.notFoundDetail(route.path)} />;
  return <ReaderPage key={route.id} route={route} />;
}
