declare module 'virtual:providers' {
	const table: unknown;
	export default table;
}

declare module '*.css' {
	const css: string;
	export default css;
}
