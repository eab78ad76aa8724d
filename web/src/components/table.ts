export interface TableColumn {
  key: string;
  title: string;
  width?: string;
  numeric?: boolean;
}
