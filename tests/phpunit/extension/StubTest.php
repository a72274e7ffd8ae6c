<?php

/** php/byok.stub.php and the loaded extension say the same. */
final class StubTest extends ExtensionTestCase {

	private const STUB = __DIR__ . '/../../../php/byok.stub.php';

	/** Reports every signature of these functions and classes. */
	private const SIGNATURES = <<<'PHP'
	$parameters = static fn( $f ) => array_map( static fn( $p ) => array(
		$p->getName(), (string) $p->getType(), $p->isOptional(),
		$p->isDefaultValueAvailable() ? var_export( $p->getDefaultValue(), true ) : null,
		array_map( static fn( $a ) => $a->getName(), $p->getAttributes() ),
	), $f->getParameters() );
	$out = array();
	foreach ( $functions as $name ) {
		$f = new ReflectionFunction( $name );
		$out[ $name ] = array( $parameters( $f ), (string) $f->getReturnType() );
	}
	foreach ( $classes as $name ) {
		$c = new ReflectionClass( $name );
		$methods = array();
		foreach ( $c->getMethods() as $m ) {
			if ( $m->getDeclaringClass()->getName() === $name ) {
				$methods[ $m->getName() ] = array( $parameters( $m ), (string) $m->getReturnType(), Reflection::getModifierNames( $m->getModifiers() ) );
			}
		}
		$parent = $c->getParentClass();
		$interfaces = $c->getInterfaceNames();
		sort( $interfaces );
		$out[ $name ] = array( $parent ? $parent->getName() : null, $interfaces, $c->isFinal(), $c->isInterface(), $methods );
	}
	report( $out );
	PHP;

	public function test_every_signature_is_the_stub_s(): void {
		$declared = "\$before = array( get_defined_functions()['user'], get_declared_classes(), get_declared_interfaces() );
			require " . $this->literal( realpath( self::STUB ) ) . ";
			\$functions = array_values( array_diff( get_defined_functions()['user'], \$before[0] ) );
			\$classes = array_values( array_merge( array_diff( get_declared_classes(), \$before[1] ), array_diff( get_declared_interfaces(), \$before[2] ) ) );
			sort( \$functions ); sort( \$classes );\n" . self::SIGNATURES;
		list( , $output, $errors ) = $this->run_php( $declared, array(), array(), false );
		$this->assertSame( '', $errors );
		$stub = json_decode( substr( $output, 1 ), true, 512, JSON_THROW_ON_ERROR );

		$loaded = $this->answer( "\$e = new ReflectionExtension( 'byok' );
			\$functions = array_keys( \$e->getFunctions() ); \$classes = \$e->getClassNames();
			sort( \$functions ); sort( \$classes );\n" . self::SIGNATURES );

		$this->assertContains( 'byok_validate_key', array_keys( $stub ) );
		$this->assertSame( $stub, $loaded );
	}

	public function test_the_list_of_ini_entries_is_documented(): void {
		$entries = $this->answer( "report( array_keys( ( new ReflectionExtension( 'byok' ) )->getINIEntries() ) );" );
		$this->assertNotEmpty( $entries );
		$readme = file_get_contents( __DIR__ . '/../../../docs/configuration.md' );
		foreach ( $entries as $entry ) {
			$this->assertStringContainsString( "`$entry`", $readme );
		}
	}
}
